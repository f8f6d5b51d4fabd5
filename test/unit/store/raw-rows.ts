/** Rows written as the first version of the database knew them: what a migration finds. */
import type Sqlite from 'better-sqlite3';
import { migrate } from '../../../electron/store/migrate.ts';

type Database = InstanceType<typeof Sqlite>;

/** Brings an empty database to a version and puts a pool and an experiment there. @param version the newest, unless it is given */
export function fillDatabase(db: Database, version?: number): Database {
  migrate(db, version);
  db.exec(`INSERT INTO pool (id, name, is_default, state, gpu_uuids, settings, revision)
      VALUES ('p', 'P', 1, 'open', '[]', '{}', 1);
    INSERT INTO experiment (id, name, config, created_at_ms) VALUES (1, 'e', '{}', 0)`);
  return db;
}

/** A trial that ran from 1,000 to 9,000 ms. */
export function insertOldTrial(db: Database, id: number, state: string, attempt: number, frozen = 0): void {
  db.prepare(
    `INSERT INTO trial (id, experiment_id, name, labels, pool_id, state, revision, priority, rank, spec, estimate_key,
      hparams, attempt, restarts, frozen, submitted_at_ms, started_at_ms, ended_at_ms, outcome, archived)
    VALUES (?, 1, 't', '[]', 'p', ?, 1, 42, ?, '{"command":"python t.py"}', 'k',
      '{"lr":1}', ?, 0, ?, 0, 1000, 9000, '{"kind":"completed"}', 0)`,
  ).run(id, state, `a${id}`, attempt, frozen);
}
