/** How long a trial was frozen: time in which it does no work. Pure. */
import type { TrialRow } from './trials.ts';

/** @returns how long the latest attempt has been frozen up to `nowMs`, ms. */
export function frozenTime(trial: Pick<TrialRow, 'frozenSinceMs' | 'frozenMs'>, nowMs: number): number {
  return trial.frozenMs + (trial.frozenSinceMs === null ? 0 : Math.max(0, nowMs - trial.frozenSinceMs));
}
