/** What is looked up over a hundred thousand rows is looked up, not searched or sorted; old rows come along. */
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';
import { countList, readList } from '../../../../electron/store/trials.ts';

function planOf(run: (db: Sqlite.Database) => void): string[] {
  const db = new Sqlite(':memory:');
  migrate(db);
  const plans: string[] = [];
  const asked = new Proxy(db, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name) as unknown;
      return (sql: string) => {
        const rows = target.prepare(`EXPLAIN QUERY PLAN ${sql}`);
        const all = (...values: unknown[]) => (plans.push(...describe(rows.all(...values))), []);
        return { all, pluck: () => ({ get: all }) };
      };
    },
  });
  run(asked);
  return plans;
}
const describe = (rows: unknown[]): string[] => (rows as { detail: string }[]).map(({ detail }) => detail);

test('a page of trials is read in order from where the last one ended; they are counted without their rows', () => {
  for (const archived of [null, false, true])
    for (const isDone of [false, true]) {
      const [page = '', ...counts] = planOf((db) => {
        readList(db, { archived, isDone }, [1, 0, 42, 'a', 7], 100);
        countList(db, { archived, isDone });
      });
      expect(page).toContain(
        'SEARCH trial USING INDEX trial_listing ((list_group,list_latest,priority,rank)>(?,?,?,?))',
      );
      for (const count of counts.filter((step) => step.includes('trial'))) expect(count).toContain('COVERING INDEX');
    }
});

test('the users of a snapshot, and the rows that go with a trial, are looked up', () => {
  const db = new Sqlite(':memory:');
  migrate(db);
  for (const sql of [
    'SELECT 1 FROM experiment WHERE snapshot = ? LIMIT 1',
    'SELECT id FROM trial WHERE experiment_id = ?',
    'DELETE FROM event WHERE trial_id = ?',
    'DELETE FROM checkpoint WHERE trial_id = ?',
    'DELETE FROM lease WHERE trial_id = ?',
    'DELETE FROM attempt WHERE trial_id = ?',
  ])
    expect(describe(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(1)).join(), sql).toContain('SEARCH');
});

test('points and garbage of an older database stay', () => {
  const db = new Sqlite(':memory:');
  migrate(db, 4);
  db.pragma('foreign_keys = OFF');
  db.exec(`INSERT INTO metric VALUES (1, 'loss', 2, 0.5, 7), (1, 'loss', 1, 0.25, 6);
    INSERT INTO garbage (kind, data) VALUES ('directory', '{"kind":"directory","path":"/x"}')`);
  db.pragma('foreign_keys = ON');
  migrate(db);
  expect(db.prepare('SELECT * FROM metric').all()).toEqual([
    { trial_id: 1, name: 'loss', step: 1, value: 0.25, at_ms: 6 },
    { trial_id: 1, name: 'loss', step: 2, value: 0.5, at_ms: 7 },
  ]);
  expect(db.prepare('SELECT kind FROM garbage').pluck().all()).toEqual(['directory']);
});
