/** How long a trial really worked: what like trials are judged by. */
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { listCompletedRuns, readProgress, updateProgress } from '../../../electron/store/trials.ts';
import { fillDatabase, insertOldTrial } from './raw-rows.ts';

test('a run is as long as the attempts that led to its end, frozen time left out', () => {
  const db = fillDatabase(new Sqlite(':memory:'));
  insertOldTrial(db, 1, 'done', 3);
  const attempt = (number: number, startMs: number | null, endMs: number, frozenMs: number): void => {
    db.prepare(
      `INSERT INTO attempt (trial_id, number, key, runtime, slots, token_hash, created_at_ms, started_at_ms, ended_at_ms,
        report_offset, progress_at_start, frozen_ms)
       VALUES (1, ?, 'k' || ?, 'process', '[]', '', 0, ?, ?, 0, 0, ?)`,
    ).run(number, number, startMs, endMs, frozenMs);
  };
  attempt(1, 0, 50_000, 0);
  attempt(2, 100_000, 160_000, 20_000);
  attempt(3, 200_000, 203_000, 0);
  // The first left nothing to go on from: the second began anew. The third went on from what the second had saved.
  db.exec(
    `INSERT INTO checkpoint (trial_id, attempt, path, step, saved_at_ms, size_bytes, metrics) VALUES (1, 2, 'c', 1, 0, 0, '{}')`,
  );
  expect(listCompletedRuns(db, 'k', 5)).toEqual([{ command: 'python t.py', hparams: { lr: 1 }, workedMs: 43_000 }]);
  expect(listCompletedRuns(db, 'other', 5)).toEqual([]);
});

test('progress is kept with the work behind it', () => {
  const db = fillDatabase(new Sqlite(':memory:'));
  insertOldTrial(db, 1, 'running', 1);
  db.exec('UPDATE trial SET frozen_ms = 2000 WHERE id = 1');
  updateProgress(db, 1, 0.5, 10, 13_000);
  expect(readProgress(db, 1)).toEqual({ progress: 0.5, progressWorkedMs: 10_000 });
  // A step alone is no progress.
  updateProgress(db, 1, null, 11, 20_000);
  expect(readProgress(db, 1)).toEqual({ progress: 0.5, progressWorkedMs: 10_000 });
  expect(readProgress(db, 2)).toBeNull();
});
