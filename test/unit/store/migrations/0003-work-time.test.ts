import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';
import { getTrialRow } from '../../../../electron/store/trials.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('rows of before have no frozen time behind them, and what is frozen is so from now on', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 2);
  insertOldTrial(db, 1, 'running', 1, 1);
  insertOldTrial(db, 2, 'queued', 0);
  migrate(db, 3);
  const frozen = getTrialRow(db, 1);
  expect(frozen).toMatchObject({ frozen: true, frozenMs: 0, launchFailures: 0, progressWorkedMs: null });
  expect(frozen?.frozenSinceMs).toBeGreaterThan(1_600_000_000_000);
  expect(getTrialRow(db, 2)).toMatchObject({ frozen: false, frozenSinceMs: null });
});
