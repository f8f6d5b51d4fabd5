/** What is read from the logs of trials: columns of the trial and attempt tables that nothing else needs. */
import type { Database } from 'better-sqlite3';
import { prepared } from './database.ts';

export interface LogReading {
  /** Metrics are taken from its log. */
  readonly takesMetrics: boolean;
  /** Its progress, if it has any, was read from its log and not reported by the program. */
  readonly progressIsFromLog: boolean;
}

/** @returns null for a trial that is gone */
export function readLogReading(db: Database, trialId: number): LogReading | null {
  const row = prepared(
    db,
    `SELECT takes_log_metrics AS takes, progress_from_log AS fromLog, progress IS NOT NULL AS hasProgress FROM trial WHERE id = ?`,
  ).get(trialId) as { takes: number; fromLog: number; hasProgress: number } | undefined;
  return row === undefined
    ? null
    : { takesMetrics: row.takes === 1, progressIsFromLog: row.hasProgress === 0 || row.fromLog === 1 };
}

export function setTakesLogMetrics(db: Database, trialId: number, takes: boolean): void {
  prepared(db, 'UPDATE trial SET takes_log_metrics = ? WHERE id = ?').run(takes ? 1 : 0, trialId);
}

/**
 * Progress as its log tells it; nothing happens where the program reports its own.
 * @param progress null = what was read before proved to be none
 * @param atMs when it was read
 */
export function updateLogProgress(db: Database, trialId: number, progress: number | null, atMs: number): void {
  prepared(
    db,
    `UPDATE trial SET progress = @progress, progress_from_log = 1,
      progress_worked_ms = CASE WHEN @progress IS NULL OR started_at_ms IS NULL THEN NULL
        ELSE MAX(0, COALESCE(frozen_since_ms, @atMs) - started_at_ms - frozen_ms) END
    WHERE id = @trialId AND state IN ('running', 'stopping') AND (progress IS NULL OR progress_from_log = 1)`,
  ).run({ trialId, progress, atMs });
}

/** The program reported its progress itself: from now on that counts. */
export function noteReportedProgress(db: Database, trialId: number): void {
  prepared(db, 'UPDATE trial SET progress_from_log = 0 WHERE id = ? AND progress_from_log = 1').run(trialId);
}

/** @returns how far metrics were taken from the log of an attempt, as it was written; null = not at all */
export function readLogMetricsState(db: Database, trialId: number, attempt: number): string | null {
  return (
    (prepared(db, 'SELECT log_metrics_state FROM attempt WHERE trial_id = ? AND number = ?')
      .pluck()
      .get(trialId, attempt) as string | null | undefined) ?? null
  );
}

export function writeLogMetricsState(db: Database, trialId: number, attempt: number, state: string): void {
  prepared(db, 'UPDATE attempt SET log_metrics_state = ? WHERE trial_id = ? AND number = ?').run(
    state,
    trialId,
    attempt,
  );
}
