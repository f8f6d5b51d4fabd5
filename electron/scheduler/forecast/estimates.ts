/**
 * How long trials take. A running one is judged by its own progress; else the user's own word counts, else what like
 * trials took before. Its time limit bounds all of them. Pure.
 *
 * The expected end of a running trial is a fixed moment: it moves when the trial reports, freezes or outlasts what was
 * expected, and not because time passes.
 */
import type { TrialRow } from '../../store/trials.ts';
import { frozenTime } from '../../store/frozen-time.ts';
import type { PlanTrial } from '../plan/model.ts';

export interface Estimate {
  /** Work still ahead, ms; null = unknown. */
  readonly remainingMs: number | null;
  readonly basis: PlanTrial['estimateBasis'];
}

/** Of a running trial. */
export interface Expectation extends Estimate {
  /** When it will have ended, ms; null = unknown, or not promised because it is frozen. */
  readonly endsAtMs: number | null;
}

/** Below this share of progress an extrapolation is noise. */
const LEAST_PROGRESS = 0.02;
/** A run that outlasts what was expected is given a quarter of it more, then twice that, and so on; at least this long. */
const LEAST_MORE_MS = 10_000;
const MORE = 0.25;

/** Expected length of a run that has not started, ms. @param likeRunsMs run time of like trials before */
export function estimateQueued(
  trial: {
    readonly progress: number | null;
    readonly estimatedMs: number | null;
    readonly timeLimitS: number | null;
  },
  likeRunsMs: number | null,
): Estimate {
  const wholeMs = trial.estimatedMs ?? likeRunsMs;
  const limitMs = limitOf(trial);
  if (wholeMs === null) return limitMs === Infinity ? UNKNOWN : { remainingMs: limitMs, basis: 'limit' };
  // A trial that was paused or preempted goes on from what it reported.
  const remainingMs = wholeMs * (1 - (trial.progress ?? 0));
  if (remainingMs > limitMs) return { remainingMs: limitMs, basis: 'limit' };
  return { remainingMs, basis: trial.estimatedMs === null ? 'history' : 'user' };
}

/**
 * What is expected of a running trial.
 * @param progressAtStart what it had reported when this attempt began
 * @param likeRunsMs run time of like trials before
 */
export function estimateRunning(
  row: TrialRow,
  nowMs: number,
  progressAtStart: number,
  likeRunsMs: number | null,
): Expectation {
  const startedAtMs = row.startedAtMs ?? nowMs;
  const pausedMs = frozenTime(row, nowMs);
  const workedMs = Math.max(0, nowMs - startedAtMs - pausedMs);
  const { knownMs, wholeMs, basis } = expectAttempt(row, workedMs, progressAtStart, likeRunsMs);
  if (wholeMs === null) return { ...UNKNOWN, endsAtMs: null };
  const limitMs = limitOf(row.spec);
  const expectedMs = Math.min(limitMs, outlasting(wholeMs, knownMs, workedMs));
  return {
    remainingMs: row.frozen ? null : Math.max(0, expectedMs - workedMs),
    endsAtMs: row.frozen ? null : Math.round(startedAtMs + pausedMs + expectedMs),
    basis: expectedMs === limitMs ? 'limit' : basis,
  };
}

const UNKNOWN: Estimate = { remainingMs: null, basis: 'none' };

/** Length of this attempt, ms of work; `knownMs` is how long it had worked when it was last heard of. */
function expectAttempt(
  row: TrialRow,
  workedMs: number,
  progressAtStart: number,
  likeRunsMs: number | null,
): { readonly knownMs: number; readonly wholeMs: number | null; readonly basis: Estimate['basis'] } {
  // It reports less than it had: it did not go on from its checkpoint but began anew.
  const from = row.progress !== null && row.progress < progressAtStart ? 0 : progressAtStart;
  const gained = (row.progress ?? 0) - from;
  const knownMs = Math.min(workedMs, row.progressWorkedMs ?? workedMs);
  if (row.progress !== null && gained >= LEAST_PROGRESS && knownMs > 0)
    return { knownMs, wholeMs: knownMs + (knownMs / gained) * (1 - row.progress), basis: 'progress' };
  const { remainingMs, basis } = estimateQueued({ ...row.spec, progress: from }, likeRunsMs);
  return { knownMs: 0, wholeMs: remainingMs, basis };
}

/** @returns `wholeMs`, or the first step beyond it that has not been reached either. */
function outlasting(wholeMs: number, knownMs: number, workedMs: number): number {
  let expectedMs = wholeMs;
  let moreMs = Math.max(LEAST_MORE_MS, MORE * (wholeMs - knownMs));
  while (expectedMs <= workedMs) {
    expectedMs += moreMs;
    moreMs *= 2;
  }
  return expectedMs;
}

function limitOf({ timeLimitS }: { readonly timeLimitS: number | null }): number {
  return timeLimitS === null ? Infinity : timeLimitS * 1000;
}
