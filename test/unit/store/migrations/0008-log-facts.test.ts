import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import {
  noteReportedProgress,
  readLogMetricsState,
  readLogReading,
  setTakesLogMetrics,
  updateLogProgress,
} from '../../../../electron/store/log-facts.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import { readProgress, updateProgress } from '../../../../electron/store/trials.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('nothing was taken from the logs of before, and a progress there is was reported', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 7);
  insertOldTrial(db, 1, 'running', 1);
  insertOldTrial(db, 2, 'running', 1);
  db.exec('UPDATE trial SET progress = 0.5 WHERE id = 1');
  migrate(db);
  expect(readLogReading(db, 1)).toEqual({ takesMetrics: false, progressIsFromLog: false });
  expect(readLogReading(db, 2)).toEqual({ takesMetrics: false, progressIsFromLog: true });
  expect(readLogReading(db, 3)).toBeNull();
  expect(readLogMetricsState(db, 1, 1)).toBeNull();
  setTakesLogMetrics(db, 1, true);
  expect(readLogReading(db, 1)?.takesMetrics).toBe(true);
});

test('what the program reports counts more than its log, from then on', () => {
  const db = fillDatabase(new Sqlite(':memory:'));
  insertOldTrial(db, 1, 'running', 1);
  updateLogProgress(db, 1, 0.25, 5_000);
  expect(readProgress(db, 1)).toEqual({ progress: 0.25, progressWorkedMs: 4_000 });
  updateLogProgress(db, 1, null, 6_000);
  expect(readProgress(db, 1)).toEqual({ progress: null, progressWorkedMs: null });
  updateLogProgress(db, 1, 0.5, 6_000);
  updateProgress(db, 1, 0.1, null, 7_000);
  noteReportedProgress(db, 1);
  updateLogProgress(db, 1, 0.75, 8_000);
  expect(readProgress(db, 1)).toEqual({ progress: 0.1, progressWorkedMs: 6_000 });
});

test('a trial that does not run takes no progress from a log', () => {
  const db = fillDatabase(new Sqlite(':memory:'));
  insertOldTrial(db, 1, 'done', 1);
  updateLogProgress(db, 1, 0.25, 5_000);
  expect(readProgress(db, 1)?.progress).toBeNull();
});
