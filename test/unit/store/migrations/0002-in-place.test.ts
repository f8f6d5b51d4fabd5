import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { getExperiment, insertExperiment } from '../../../../electron/store/experiments.ts';
import { migrate } from '../../../../electron/store/migrate.ts';

test('experiments of before ran in copies', () => {
  const db = new Sqlite(':memory:');
  migrate(db, 1);
  db.exec(
    `INSERT INTO experiment (id, name, config, source_dir, snapshot, created_at_ms) VALUES (1, 'e', '{}', '/p', 'abc', 0)`,
  );
  migrate(db);
  expect(getExperiment(db, 1)).toMatchObject({ sourceDir: '/p', snapshot: 'abc', inPlace: false });
  const id = insertExperiment(db, {
    name: 'i',
    config: {} as never,
    sealedEnv: null,
    sourceDir: '/p',
    snapshot: null,
    inPlace: true,
    createdAtMs: 0,
    idempotencyKey: null,
  });
  expect(getExperiment(db, id)).toMatchObject({ sourceDir: '/p', snapshot: null, inPlace: true });
});
