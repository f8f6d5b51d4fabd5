import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { getExperiment } from '../../../../electron/store/experiments.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import {
  findSearchWithNews,
  getSearch,
  insertSearch,
  insertSearchNews,
  takeSearchNews,
} from '../../../../electron/store/searches.ts';
import { getTrialRow } from '../../../../electron/store/trials.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('experiments of before are single, and a search keeps its news in their order until it takes them', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 13);
  insertOldTrial(db, 1, 'running', 1);
  db.exec("UPDATE trial SET stop_kind = 'pause', stop_asked_at_ms = 5");
  migrate(db);
  expect(getExperiment(db, 1)?.kind).toBe('single');
  expect(getTrialRow(db, 1)?.stop).toEqual({ kind: 'pause', askedAtMs: 5, killAtMs: null });

  const report = (trial: string) => ({ kind: 'report', trial, metrics: { loss: 1 } }) as const;
  insertSearchNews(db, 1, report('t1'));
  // Nobody searches: nobody would take it.
  expect(findSearchWithNews(db)).toBeNull();
  insertSearch(db, {
    experimentId: 1,
    config: { metric: 'loss', smallerIsBetter: true },
    seed: 3,
    state: { a: 1 },
    phase: 'active',
  });
  for (const trial of ['t1', 't2', 't3']) insertSearchNews(db, 1, report(trial));
  expect(findSearchWithNews(db)).toBe(1);
  expect(takeSearchNews(db, 1, 2)).toEqual([report('t1'), report('t2')]);
  expect(takeSearchNews(db, 1, 2)).toEqual([report('t3')]);
  expect(findSearchWithNews(db)).toBeNull();
  expect(getSearch(db, 1)).toMatchObject({ seed: 3, state: { a: 1 }, phase: 'active' });
});
