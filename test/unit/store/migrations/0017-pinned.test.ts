import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';
import { listCheckpoints } from '../../../../electron/store/reports.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('older checkpoints are not pinned', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 6);
  insertOldTrial(db, 1, 'done', 1);
  db.exec(
    `INSERT INTO checkpoint (trial_id, attempt, path, step, saved_at_ms, size_bytes, metrics) VALUES (1, 1, 'step-1', 1, 5, 10, '{"loss":0.5}')`,
  );
  migrate(db);
  expect(listCheckpoints(db, 1)).toMatchObject([{ path: 'step-1', metrics: { loss: 0.5 }, pinned: false }]);
});
