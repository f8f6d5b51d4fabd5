/**
 * How long like trials took before, remembered per program: at a start with 100,000 queued trials the same few sweeps
 * ask 100,000 times. Runs are read again when a trial of that program changes.
 */
import type { Database } from 'better-sqlite3';
import { listCompletedRuns, type TrialRow } from '../../store/trials.ts';
import { expectFromRuns, type PastRun } from './compare-runs.ts';
import { likeKeyOf, type LikeKey } from './like-command.ts';

/** As many programs as a queue may hold at worst; then remembering is of no use and must not cost memory either. */
const MAX_REMEMBERED = 5_000;
/** So many of the latest runs of a program are compared with. */
const MAX_RUNS = 30;

export interface LikeRuns {
  /** Expected run time of a whole run going by completed ones, ms; null when nothing is known. */
  meanMs(like: LikeKey): number | null;
  /** A trial of this program changed. */
  forget(row: Pick<TrialRow, 'estimateKey'>): void;
  /** Trials were deleted. */
  forgetAll(): void;
}

export function createLikeRuns(db: Database): LikeRuns {
  const known = new Map<string, readonly PastRun[]>();
  return {
    meanMs({ estimateKey, params }) {
      let runs = known.get(estimateKey);
      if (runs === undefined) {
        if (known.size >= MAX_REMEMBERED) known.clear();
        runs = listCompletedRuns(db, estimateKey, MAX_RUNS).map(({ command, hparams, workedMs }) => ({
          params: likeKeyOf({ estimateKey, hparams, spec: { command } }).params,
          workedMs,
        }));
        known.set(estimateKey, runs);
      }
      return runs.length === 0 ? null : expectFromRuns(runs, params);
    },
    forget: ({ estimateKey }) => {
      known.delete(estimateKey);
    },
    forgetAll: () => {
      known.clear();
    },
  };
}
