import type { Migration } from '../migration.ts';

/**
 * What makes deleting and listing quick: whose snapshot it is, and the order of the list of trials, are looked up instead of searched.
 * Points of metrics no longer go with their trial's row (millions in one statement): they are garbage that is worked off in pieces.
 */
const largeTables: Migration = {
  version: 5,
  name: 'large tables',
  up(db) {
    db.exec(`
      CREATE INDEX experiment_snapshot ON experiment (snapshot) WHERE snapshot IS NOT NULL;
      CREATE INDEX trial_listing ON trial (
        CASE WHEN state IN ('starting', 'running', 'stopping') THEN 0 WHEN state = 'done' THEN 2 ELSE 1 END,
        CASE WHEN state = 'done' THEN -ended_at_ms ELSE 0 END,
        priority, rank, id, archived
      );

      CREATE TABLE metric_kept (
        trial_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        step REAL NOT NULL,
        value REAL NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (trial_id, name, step)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO metric_kept SELECT trial_id, name, step, value, at_ms FROM metric ORDER BY trial_id, name, step;
      DROP TABLE metric;
      ALTER TABLE metric_kept RENAME TO metric;

      CREATE TABLE garbage_kept (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('attempt', 'directory', 'snapshot', 'metrics')),
        data TEXT NOT NULL
      ) STRICT;
      INSERT INTO garbage_kept SELECT id, kind, data FROM garbage ORDER BY id;
      DROP TABLE garbage;
      ALTER TABLE garbage_kept RENAME TO garbage;
    `);
  },
};
export default largeTables;
