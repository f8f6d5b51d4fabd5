/** Why a queued trial is held back after a failure, in words. Pure. */
import type { TrialRow } from '../../store/trials.ts';
import { holdLeftMs } from './transitions.ts';

/**
 * @param cause what its last attempt ended with
 * @returns null when it is not held
 */
export function heldReason(
  row: Pick<TrialRow, 'notBeforeMs'>,
  nowMs: number,
  cause: () => string | null,
): { code: 'held'; text: string; untilMs: number } | null {
  const leftMs = holdLeftMs(row, nowMs);
  if (leftMs === 0) return null;
  const why = cause();
  return {
    code: 'held',
    text: `tried again in ${Math.max(1, Math.round(leftMs / 1000))} s${why === null ? '' : `: ${why}`}`,
    untilMs: nowMs + leftMs,
  };
}
