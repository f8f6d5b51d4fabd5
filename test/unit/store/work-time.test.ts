/** How long a trial really worked: what like trials are judged by. */
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../electron/store/migrate.ts';
import { getTrialRow, listCompletedRuns, readProgress, updateProgress } from '../../../electron/store/trials.ts';

function databaseAt(version?: number): InstanceType<typeof Sqlite> {
  const db = new Sqlite(':memory:');
  migrate(db, version);
  db.exec(`INSERT INTO pool VALUES ('p', 'P', 1, 'open', '[]', '{}', 1);
    INSERT INTO experiment (id, name, config, created_at_ms) VALUES (1, 'e', '{}', 0)`);
  return db;
}

function insert(db: InstanceType<typeof Sqlite>, id: number, state: string, attempt: number, frozen = 0): void {
  db.exec(`INSERT INTO trial (id, experiment_id, name, labels, pool_id, state, revision, priority, rank, spec, estimate_key, hparams, attempt, restarts, frozen, submitted_at_ms, started_at_ms, ended_at_ms, outcome, archived)
    VALUES (${id}, 1, 't', '[]', 'p', '${state}', 1, 42, 'a${id}', '{"command":"python t.py"}', 'k', '{"lr":1}', ${attempt}, 0, ${frozen}, 0, 1000, 9000, '{"kind":"completed"}', 0)`);
}

test('0003: rows of before have no frozen time behind them, and what is frozen is so from now on', () => {
  const db = databaseAt(2);
  insert(db, 1, 'running', 1, 1);
  insert(db, 2, 'queued', 0);
  migrate(db, 3);
  const frozen = getTrialRow(db, 1);
  expect(frozen).toMatchObject({ frozen: true, frozenMs: 0, launchFailures: 0, progressWorkedMs: null });
  expect(frozen?.frozenSinceMs).toBeGreaterThan(1_600_000_000_000);
  expect(getTrialRow(db, 2)).toMatchObject({ frozen: false, frozenSinceMs: null });
});

test('a run is as long as the attempts that led to its end, frozen time left out', () => {
  const db = databaseAt();
  insert(db, 1, 'done', 3);
  const attempt = (number: number, startMs: number | null, endMs: number, frozenMs: number): void => {
    db.prepare(
      `INSERT INTO attempt (trial_id, number, key, runtime, slots, token_hash, created_at_ms, started_at_ms, ended_at_ms, report_offset, progress_at_start, frozen_ms)
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
  const db = databaseAt();
  insert(db, 1, 'running', 1);
  db.exec('UPDATE trial SET frozen_ms = 2000 WHERE id = 1');
  updateProgress(db, 1, 0.5, 10, 13_000);
  expect(readProgress(db, 1)).toEqual({ progress: 0.5, progressWorkedMs: 10_000 });
  // A step alone is no progress.
  updateProgress(db, 1, null, 11, 20_000);
  expect(readProgress(db, 1)).toEqual({ progress: 0.5, progressWorkedMs: 10_000 });
  expect(readProgress(db, 2)).toBeNull();
});
