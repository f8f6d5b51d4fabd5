import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { getExperiment, insertExperiment } from '../../../../electron/store/experiments.ts';
import { migrate } from '../../../../electron/store/migrate.ts';

test('nothing is known of the snapshots of before', () => {
  const db = new Sqlite(':memory:');
  migrate(db, 5);
  db.exec(`INSERT INTO experiment (id, name, config, snapshot, created_at_ms) VALUES (1, 'e', '{}', 'abc', 0)`);
  migrate(db);
  expect(getExperiment(db, 1)).toMatchObject({ snapshot: 'abc', snapshotInfo: null });
  const snapshotInfo = { files: 1, bytes: 2, base: null, leftOut: [] };
  const row = { name: 'i', config: {} as never, sealedEnv: null, sourceDir: null, snapshot: 'abc', snapshotInfo };
  const id = insertExperiment(db, { ...row, createdAtMs: 0, idempotencyKey: null });
  expect(getExperiment(db, id)).toMatchObject({ snapshotInfo });
});
