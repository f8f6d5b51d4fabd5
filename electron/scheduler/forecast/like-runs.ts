/**
 * How long like trials took before, remembered per command: at a start with 100,000 queued trials the same few sweeps
 * ask 100,000 times. An answer is kept until a trial with that command changes.
 */
import type { Database } from 'better-sqlite3';
import { meanDurationMs, type TrialRow } from '../../store/trials.ts';

/** A sweep has one command a trial at worst; then remembering is of no use and must not cost memory either. */
const MAX_REMEMBERED = 5_000;

export interface LikeRuns {
  /** Mean run time of the last completed trials of the same command, ms; null when there is none. */
  meanMs(row: Pick<TrialRow, 'estimateKey'>): number | null;
  /** A trial with this command changed. */
  forget(row: Pick<TrialRow, 'estimateKey'>): void;
  /** Trials were deleted. */
  forgetAll(): void;
}

export function createLikeRuns(db: Database): LikeRuns {
  const known = new Map<string, number | null>();
  return {
    meanMs({ estimateKey }) {
      const remembered = known.get(estimateKey);
      if (remembered !== undefined) return remembered;
      if (known.size >= MAX_REMEMBERED) known.clear();
      const meanMs = meanDurationMs(db, estimateKey);
      known.set(estimateKey, meanMs);
      return meanMs;
    },
    forget: ({ estimateKey }) => {
      known.delete(estimateKey);
    },
    forgetAll: () => {
      known.clear();
    },
  };
}
