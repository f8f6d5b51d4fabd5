import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';
import { NAME_FIELD } from '../../../../electron/store/scan-trials.ts';
import { walkTrials } from '../../../../electron/store/walk-trials.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('trials of before are walked through in every order, each by its index', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 15);
  for (const id of [1, 2, 3]) insertOldTrial(db, id, 'done', id);
  db.exec(
    `UPDATE trial SET ended_at_ms = 30 - id, started_at_ms = CASE WHEN id = 2 THEN NULL ELSE id END, metric_last = 5`,
  );
  migrate(db);
  const walk = (sort: 'end' | 'start' | 'last' | 'best'): number[] => {
    const found: number[] = [];
    const steps = walkTrials(db, sort, true, null);
    for (let ids = steps?.next(2); ids != null; ids = steps?.next(2)) found.push(...ids);
    return found;
  };
  expect([walk('end'), walk('start'), walk('last'), walk('best')]).toEqual([
    [1, 2, 3],
    [3, 1, 2],
    [3, 2, 1],
    [3, 2, 1],
  ]);
  const how = (table: string, id: string, key: string, where: string, order = `${key}, ${id}`): string =>
    (
      db
        .prepare(`EXPLAIN QUERY PLAN SELECT ${id}, ${key} FROM ${table} WHERE ${where} ORDER BY ${order} LIMIT 5`)
        .all() as { detail: string }[]
    )
      .map(({ detail }) => detail)
      .join('; ');
  for (const [index, table, id, key] of [
    ['trial_by_end', 'trial', 'id', 'ended_at_ms'],
    ['trial_by_start', 'trial', 'id', 'started_at_ms'],
    ['trial_by_last', 'trial', 'id', 'metric_last'],
    ['trial_by_best', 'trial', 'id', 'metric_best'],
    ['trial_text_by_name', 'trial_text', 'trial_id', NAME_FIELD],
  ] as const) {
    expect(how(table, id, key, `${key} > 1`)).toMatch(new RegExp(`^SEARCH ${table} USING COVERING INDEX ${index} \\(`));
    expect(how(table, id, key, `${key} = 1 AND ${id} > 2`, id)).toMatch(/^SEARCH .*=\? AND rowid>\?\)$/);
    expect(how(table, id, key, `${key} IS NOT NULL`)).toMatch(new RegExp(`USING COVERING INDEX ${index}`));
  }
});
