import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('trials of an older database are found by their texts, and have their main metric', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 6);
  for (const id of [1, 2, 3]) insertOldTrial(db, id, 'done', 1);
  db.exec(`UPDATE trial SET name = 'ÜBER', labels = '["Night","a b"]' WHERE id = 2`);
  db.exec(`INSERT INTO metric VALUES (1, 'lr', 1, 9, 0), (1, 'val_loss', 1, 0.5, 0), (1, 'val_loss', 3, 0.4, 0), (1, 'val_loss', 2, 0.2, 0),
    (3, 'acc', 1, 0.9, 0), (3, 'acc', 2, 0.8, 0), (99, 'acc', 2, 0.8, 0)`);
  migrate(db);
  expect(db.prepare('SELECT text FROM trial_text WHERE trial_id = 2').pluck().get()).toBe(
    'über\u0001night\u0001a b\u0001python t.py',
  );
  expect(db.prepare('SELECT id, metric_name, metric_last, metric_best FROM trial').raw().all()).toEqual([
    [1, 'val_loss', 0.4, 0.2],
    [2, null, null, null],
    [3, 'acc', 0.8, 0.9],
  ]);
  db.pragma('foreign_keys = ON');
  db.exec('DELETE FROM trial WHERE id = 2');
  expect(db.prepare('SELECT trial_id FROM trial_text').pluck().all()).toEqual([1, 3]);
});
