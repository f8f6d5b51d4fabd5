/**
 * How long trials take: from their own progress, else from like trials before, else from the user. Pure but for the lookup passed in.
 */
import type { TrialRow } from '../../store/trials.ts';
import type { PlanTrial } from '../plan/model.ts';

export interface Estimate {
  readonly remainingMs: number | null;
  readonly basis: PlanTrial['estimateBasis'];
}

/** Below this share of progress an extrapolation is noise. */
const LEAST_PROGRESS = 0.02;

/** Expected length of a run that has not started, ms. @param likeRunsMs mean run time of like trials before */
export function estimateQueued(
  trial: { readonly progress: number | null; readonly estimatedMs: number | null },
  likeRunsMs: number | null,
): Estimate {
  const wholeMs = likeRunsMs ?? trial.estimatedMs;
  if (wholeMs === null) return { remainingMs: null, basis: 'none' };
  // A trial that was paused or preempted goes on from what it reported.
  return { remainingMs: wholeMs * (1 - (trial.progress ?? 0)), basis: likeRunsMs === null ? 'user' : 'history' };
}

/**
 * Time left of a running trial, ms.
 * @param progressAtStart what it had reported when this attempt began
 */
export function estimateRunning(
  row: TrialRow,
  nowMs: number,
  progressAtStart: number,
  likeRunsMs: number | null,
): Estimate {
  const elapsedMs = row.startedAtMs === null ? 0 : Math.max(0, nowMs - row.startedAtMs);
  // It reports less than it had: it did not go on from its checkpoint but began anew.
  const from = row.progress !== null && row.progress < progressAtStart ? 0 : progressAtStart;
  const gained = (row.progress ?? 0) - from;
  if (row.progress !== null && gained >= LEAST_PROGRESS && elapsedMs > 0) {
    return { remainingMs: (elapsedMs / gained) * (1 - row.progress), basis: 'progress' };
  }
  const whole = estimateQueued({ progress: from, estimatedMs: row.spec.estimatedMs }, likeRunsMs);
  return {
    remainingMs: whole.remainingMs === null ? null : Math.max(0, whole.remainingMs - elapsedMs),
    basis: whole.basis,
  };
}
