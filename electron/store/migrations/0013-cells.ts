import { flatParams } from '../../text/flat-params.ts';
import type { Migration } from '../migration.ts';

/** So many trials are read at once: a command may be long. */
const PIECE = 1_000;

/**
 * The table of experiments: parameters and metrics a column after the other, the short facts of a trial in an index of their own (its row
 * may hold kilobytes), and the star. All metrics seen so far are read once.
 */
const cells: Migration = {
  version: 13,
  name: 'cells',
  up(db) {
    db.exec(`
      CREATE TABLE cell_column (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('param', 'metric')),
        name TEXT NOT NULL,
        UNIQUE (kind, name)
      ) STRICT;
      CREATE TABLE param_cell (
        column_id INTEGER NOT NULL,
        trial_id INTEGER NOT NULL,
        value ANY NOT NULL,
        PRIMARY KEY (column_id, trial_id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE metric_cell (
        column_id INTEGER NOT NULL,
        trial_id INTEGER NOT NULL,
        last REAL NOT NULL,
        last_step REAL NOT NULL,
        lowest REAL NOT NULL,
        highest REAL NOT NULL,
        PRIMARY KEY (column_id, trial_id)
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE trial ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE trial ADD COLUMN outcome_kind TEXT GENERATED ALWAYS AS (json_extract(outcome, '$.kind')) VIRTUAL;
      CREATE INDEX trial_facts ON trial (
        id, experiment_id, pool_id, state, outcome_kind, priority, archived, starred, submitted_at_ms, started_at_ms, ended_at_ms
      );
    `);
    const columns = new Map<string, number>();
    const insertColumn = db.prepare('INSERT INTO cell_column (kind, name) VALUES (?, ?)');
    const columnFor = (kind: string, name: string): number => {
      const known = columns.get(`${kind} ${name}`);
      if (known !== undefined) return known;
      const id = Number(insertColumn.run(kind, name).lastInsertRowid);
      columns.set(`${kind} ${name}`, id);
      return id;
    };
    const insertParam = db.prepare('INSERT INTO param_cell (column_id, trial_id, value) VALUES (?, ?, ?)');
    const read = db.prepare<[number, number], { id: number; command: string | null; hparams: string }>(
      `SELECT id, json_extract(spec, '$.command') AS command, hparams FROM trial WHERE id > ? ORDER BY id LIMIT ?`,
    );
    for (let after = 0; ;) {
      const rows = read.all(after, PIECE);
      for (const { id, command, hparams } of rows)
        for (const [name, value] of flatParams(command ?? '', JSON.parse(hparams) as Record<string, unknown>))
          insertParam.run(columnFor('param', name), id, value);
      if (rows.length < PIECE) break;
      after = rows.at(-1)?.id ?? 0;
    }

    const insertMetric = db.prepare('INSERT INTO metric_cell VALUES (?, ?, ?, ?, ?, ?)');
    const metrics = db.prepare<
      [],
      { trialId: number; name: string; last: number; lastStep: number; lowest: number; highest: number }
    >(
      `SELECT m.trial_id AS trialId, m.name AS name, MAX(m.step) AS lastStep, MIN(m.value) AS lowest, MAX(m.value) AS highest,
        (SELECT value FROM metric l WHERE l.trial_id = m.trial_id AND l.name = m.name ORDER BY step DESC LIMIT 1) AS last
      FROM metric m WHERE m.trial_id IN (SELECT id FROM trial) GROUP BY m.trial_id, m.name`,
    );
    // Read before anything is written: one connection does not do both at once.
    for (const { trialId, name, last, lastStep, lowest, highest } of metrics.all())
      insertMetric.run(columnFor('metric', name), trialId, last, lastStep, lowest, highest);
  },
};
export default cells;
