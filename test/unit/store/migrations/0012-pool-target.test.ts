import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { SshTarget } from '../../../../electron/contract/targets.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import { getPool, insertPool, updatePoolRow } from '../../../../electron/store/pools.ts';
import { fillDatabase } from '../raw-rows.ts';

test('pools of before are on this workstation; one elsewhere keeps where it is', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 11);
  migrate(db);
  const before = getPool(db, 'p');
  expect(before).toMatchObject({ kind: 'local', target: null });
  if (before === null) return;
  const target: SshTarget = { provider: 'ssh', host: 'gpu-box', root: '~/.switchyard-agent', setup: null };
  insertPool(db, { ...before, id: 'box', isDefault: false, target });
  expect(getPool(db, 'box')).toMatchObject({ kind: 'ssh', target });
  updatePoolRow(db, { ...before, id: 'box', target: { ...target, setup: 'source env/bin/activate' } });
  expect(getPool(db, 'box')?.target).toMatchObject({ setup: 'source env/bin/activate' });
});
