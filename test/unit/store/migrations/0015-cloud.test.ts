import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { listAccounts } from '../../../../electron/store/cloud-accounts.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import { addOffloadEvent, countLiveOffloads, listOffloadEvents } from '../../../../electron/store/offloads.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('there is no account yet and nothing of any, and a history can only grow', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 14);
  insertOldTrial(db, 1, 'queued', 1);
  migrate(db);
  expect(listAccounts(db)).toEqual([]);
  expect(countLiveOffloads(db, 'lab')).toBe(0);
  const event = { attemptId: 'e-t1-a1', atMs: 5, phase: 'launching', text: 'Asking.' };
  addOffloadEvent(db, event);
  expect(() => db.exec(`UPDATE offload_event SET text = 'other'`)).toThrow(/not changed/);
  expect(listOffloadEvents(db, 'e-t1-a1')).toEqual([event]);
});
