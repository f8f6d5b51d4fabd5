/** What trials wait for is the same for whoever asks: in the transaction, after one that was taken back, and after a restart. */
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { deleteDependencies, insertDependencies, listDependencies } from '../../../electron/store/dependencies.ts';
import { fillDatabase, insertOldTrial } from './raw-rows.ts';

test('waiting is told of those who wait, whatever was taken back', () => {
  const file = new Sqlite(':memory:');
  const db = fillDatabase(file);
  for (const id of [1, 2, 3]) insertOldTrial(db, id, 'queued', 0);
  const idsOf = (id: number): number[] => listDependencies(db, id).map(({ trialId }) => trialId);
  expect(idsOf(3)).toEqual([]);
  insertDependencies(db, 3, [{ trialId: 1, wants: 'completed' }]);
  expect(idsOf(3)).toEqual([1]);

  db.exec('BEGIN');
  insertDependencies(db, 2, [{ trialId: 1, wants: 'ended' }]);
  deleteDependencies(db, 3);
  expect([idsOf(2), idsOf(3)]).toEqual([[1], []]);
  db.exec('ROLLBACK');
  expect([idsOf(2), idsOf(3)]).toEqual([[], [1]]);

  const again = new Sqlite(file.serialize());
  expect(listDependencies(again, 3)).toMatchObject([{ trialId: 1, wants: 'completed', trial: { name: 't' } }]);
});
