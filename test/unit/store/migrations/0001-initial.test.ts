import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('two exclusive leases on one slot cannot be written, two shares can', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 1);
  for (const id of [1, 2]) insertOldTrial(db, id, 'running', 1);
  const lease = db.prepare('INSERT INTO lease (slot_uuid, trial_id, share_mib, since_ms) VALUES (?, ?, ?, 0)');
  lease.run('gpu', 1, null);
  expect(() => lease.run('gpu', 2, null)).toThrow(/UNIQUE/);
  lease.run('shared', 1, 100);
  lease.run('shared', 2, 100);
});
