/** Where the metric files of an attempt are looked for. */
import { getExperiment } from '../../store/experiments.ts';
import type { Store } from '../../store/database.ts';
import { getTrialRow } from '../../store/trials.ts';
import { trialDirectories } from '../files/directories.ts';
import type { WatchedAttempt } from './metric-files.ts';
import type { Reporter } from './report-intake.ts';

/**
 * A trial that works in its user's directory itself is looked at in its output alone: what is written there may be another's.
 * @returns null = it does not run any more, or never did
 */
export function watchedAttempt(
  db: Store['db'],
  trialsDir: string,
  { trialId, attempt }: Reporter,
): WatchedAttempt | null {
  const row = getTrialRow(db, trialId);
  if (row === null || row.attempt !== attempt || row.startedAtMs === null) return null;
  const dirs = trialDirectories(trialsDir, trialId);
  const isInPlace = getExperiment(db, row.experimentId)?.inPlace === true;
  return {
    trialId,
    attempt,
    workDir: isInPlace ? null : dirs.work,
    outputDir: dirs.output,
    startedAtMs: row.startedAtMs,
  };
}
