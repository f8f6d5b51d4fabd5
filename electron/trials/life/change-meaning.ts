/** What the change of one trial means for the rest of the engine. Pure. */
import { ACTIVE_STATES } from '../../contract/states.ts';
import type { FeedFrames } from '../../contract/feed.ts';
import type { TrialRow } from '../../store/trials.ts';

const HOLDS_LEASE: ReadonlySet<string> = new Set(ACTIVE_STATES);

export interface ChangeMeaning {
  /** It has its slots already and runs on: no plan changes. */
  readonly onlyRunsOn: boolean;
  /** Its lease ended: somebody else may start. */
  readonly gaveUpLease: boolean;
  /** GPUs came free: they show its memory as somebody else's until they are read again. */
  readonly freedGpus: boolean;
  /** The mean run time of trials like it may be another now. */
  readonly changesEstimates: boolean;
  /** It ended just now: news for the user. */
  readonly finished: FeedFrames['finished'] | null;
}

/**
 * @param before its state at the last look; undefined when it was not known (new, or back from the dead by an undo)
 * @param row as it is now; null when it was deleted
 */
export function meaningOfChange(
  id: number,
  before: TrialRow['state'] | undefined,
  row: TrialRow | null,
): ChangeMeaning {
  const gaveUpLease = before !== undefined && HOLDS_LEASE.has(before) && (row === null || !HOLDS_LEASE.has(row.state));
  // Canceled and failed runs are no examples, and a new trial has not run: only one that ran and is live again takes its run away.
  const cameBack = before === undefined && row !== null && row.attempt > 0;
  const isDone = row !== null && row.state === 'done';
  return {
    onlyRunsOn: row?.state === 'running' && (before === 'starting' || before === 'running'),
    gaveUpLease,
    freedGpus: gaveUpLease && row !== null && row.spec.ask.slots > 0,
    changesEstimates:
      row !== null &&
      (isDone ? before !== undefined && row.outcome?.kind === 'completed' && row.outcome.code !== 'search' : cameBack),
    finished:
      isDone && before !== undefined && before !== 'done' && row.outcome !== null
        ? {
            trialId: id,
            name: row.name,
            outcome: row.outcome.kind,
            message: row.outcome.message,
            ranMs: row.startedAtMs === null ? 0 : Math.max(0, (row.endedAtMs ?? 0) - row.startedAtMs),
          }
        : null,
  };
}

/** When the scheduler should plan again after a commit: at once when something came free. */
export type Replan = 'not' | 'soon' | 'at once';

/**
 * @param changes what the changes of its trials mean
 * @param touchesMore whether it also changed pools, removed trials, or anything that is no trial
 */
export function replanAfter(changes: readonly ChangeMeaning[], touchesMore: boolean): Replan {
  if (changes.some((change) => change.gaveUpLease)) return 'at once';
  return !touchesMore && changes.length > 0 && changes.every((change) => change.onlyRunsOn) ? 'not' : 'soon';
}
