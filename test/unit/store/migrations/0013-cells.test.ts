import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate } from '../../../../electron/store/migrate.ts';
import { fillDatabase, insertOldTrial } from '../raw-rows.ts';

test('parameters and metrics of older trials become columns, and no trial is starred', () => {
  const db = fillDatabase(new Sqlite(':memory:'), 6);
  for (const id of [1, 2]) insertOldTrial(db, id, 'done', 1);
  db.exec(
    `UPDATE trial SET hparams = '{"model":{"depth":18},"opt":"adam"}', spec = '{"command":"python t.py --lr 1e-3"}' WHERE id = 2`,
  );
  db.exec(
    `INSERT INTO metric VALUES (1, 'val_loss', 1, 0.5, 0), (1, 'val_loss', 3, 0.4, 0), (1, 'val_loss', 2, 0.2, 0), (99, 'acc', 2, 0.8, 0)`,
  );
  migrate(db);
  expect(
    db
      .prepare(
        `SELECT trial_id, name, value, typeof(value) FROM param_cell JOIN cell_column ON id = column_id ORDER BY 1, 2`,
      )
      .raw()
      .all(),
  ).toEqual([
    [1, 'lr', 1, 'real'],
    [2, 'lr', 0.001, 'real'],
    [2, 'model.depth', 18, 'real'],
    [2, 'opt', 'adam', 'text'],
  ]);
  expect(
    db
      .prepare(
        'SELECT trial_id, name, last, last_step, lowest, highest FROM metric_cell JOIN cell_column ON id = column_id',
      )
      .raw()
      .all(),
  ).toEqual([[1, 'val_loss', 0.4, 3, 0.2, 0.5]]);
  expect(db.prepare('SELECT DISTINCT starred, outcome_kind FROM trial').raw().all()).toEqual([[0, 'completed']]);
});
