import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { getExperiment, insertExperiment } from '../../../../electron/store/experiments.ts';
import { migrate } from '../../../../electron/store/migrate.ts';

test('no shell came along with the experiments of before', () => {
  const db = new Sqlite(':memory:');
  migrate(db, 6);
  db.exec(`INSERT INTO experiment (id, name, config, sealed_env, created_at_ms) VALUES (1, 'e', '{}', 'abc', 0)`);
  migrate(db);
  expect(getExperiment(db, 1)).toMatchObject({ sealedEnv: 'abc', sealedShell: null });
  const row = { name: 'i', config: {} as never, sealedEnv: null, sourceDir: null, snapshot: null };
  const id = insertExperiment(db, { ...row, sealedShell: 'def', createdAtMs: 0, idempotencyKey: null });
  expect(getExperiment(db, id)).toMatchObject({ sealedEnv: null, sealedShell: 'def' });
});
