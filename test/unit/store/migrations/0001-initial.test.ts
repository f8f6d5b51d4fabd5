import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';

test('two exclusive leases on one slot cannot be written, two shares can', () => {
  const db = new Sqlite(':memory:');
  migrate(db, 1);
  db.exec(`INSERT INTO pool VALUES ('p', 'P', 1, 'open', '[]', '{}', 1);
    INSERT INTO experiment (id, name, config, created_at_ms) VALUES (1, 'e', '{}', 0)`);
  for (const id of [1, 2]) {
    db.exec(`INSERT INTO trial (id, experiment_id, name, labels, pool_id, state, revision, priority, rank, spec, estimate_key, hparams, attempt, restarts, frozen, submitted_at_ms, archived)
      VALUES (${id}, 1, 't', '[]', 'p', 'running', 1, 42, 'a${id}', '{}', 'k', '{}', 1, 0, 0, 0, 0)`);
  }
  const lease = db.prepare('INSERT INTO lease (slot_uuid, trial_id, share_mib, since_ms) VALUES (?, ?, ?, 0)');
  lease.run('gpu', 1, null);
  expect(() => lease.run('gpu', 2, null)).toThrow(/UNIQUE/);
  lease.run('shared', 1, 100);
  lease.run('shared', 2, 100);
});
