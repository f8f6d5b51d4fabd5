import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { insertDependencies, listDependencies, listDependents } from '../../../../electron/store/dependencies.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import { deleteTrialRow } from '../../../../electron/store/trials.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('trials of before wait for nobody, and can be waited for', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 10);
  db.pragma('foreign_keys = ON');
  insertOldTrial(db, 1, 'done', 1);
  insertOldTrial(db, 2, 'queued', 0);
  migrate(db);
  expect(listDependencies(db, 2)).toEqual([]);
  insertDependencies(db, 2, [{ trialId: 1, wants: 'completed' }]);
  expect(listDependencies(db, 2)).toEqual([
    { trialId: 1, wants: 'completed', trial: { name: 't', state: 'done', outcome: 'completed' } },
  ]);
  expect(listDependents(db, 1)).toEqual([2]);
  // Who was waited for may go, and is remembered; who waited takes its wait along.
  deleteTrialRow(db, 1);
  expect(listDependencies(db, 2)).toEqual([{ trialId: 1, wants: 'completed', trial: null }]);
  deleteTrialRow(db, 2);
  expect(listDependents(db, 1)).toEqual([]);
});
