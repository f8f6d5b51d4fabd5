import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { getTrialChannels, listChannels, setTrialChannels } from '../../../../electron/store/messages.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('there are no channels yet, and trials of before name none', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 9);
  insertOldTrial(db, 1, 'queued', 1);
  migrate(db);
  expect(listChannels(db)).toEqual([]);
  expect(getTrialChannels(db, 1)).toBeNull();
  setTrialChannels(db, 1, ['phone']);
  expect(getTrialChannels(db, 1)).toEqual(['phone']);
});
