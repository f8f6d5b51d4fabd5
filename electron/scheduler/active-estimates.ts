/** How long active trials still take, from what is known now. */
import type { Database } from 'better-sqlite3';
import type { Clock } from '../ports/clock.ts';
import { getAttempt } from '../store/attempts.ts';
import type { TrialRow } from '../store/trials.ts';
import { estimateRunning, type Expectation } from './forecast/estimates.ts';
import { likeKeyOf } from './forecast/like-command.ts';
import type { LikeRuns } from './forecast/like-runs.ts';

export type EstimateActive = (row: TrialRow) => Expectation;

export function createActiveEstimates(
  db: Database,
  clock: Pick<Clock, 'nowMs'>,
  likeRuns: Pick<LikeRuns, 'meanMs'>,
): EstimateActive {
  return (row) =>
    estimateRunning(
      row,
      clock.nowMs(),
      getAttempt(db, row.id, row.attempt)?.progressAtStart ?? 0,
      likeRuns.meanMs(likeKeyOf(row)),
    );
}
