import type { Migration } from '../migration.ts';

/** Accounts at clouds, and every machine that was ever asked for with what became of it. */
const cloud: Migration = {
  version: 15,
  name: 'cloud',
  up(db) {
    db.exec(`
      CREATE TABLE cloud_account (
        name TEXT PRIMARY KEY, provider TEXT NOT NULL, kind TEXT NOT NULL, sealed TEXT NOT NULL, shown TEXT NOT NULL,
        endpoint TEXT, added_at_ms INTEGER NOT NULL, last_check TEXT
      );
      CREATE TABLE cloud_region (account TEXT NOT NULL, region TEXT NOT NULL, PRIMARY KEY (account, region)) WITHOUT ROWID;
      CREATE TABLE offload (
        attempt_id TEXT PRIMARY KEY, trial_id INTEGER NOT NULL, pool_id TEXT NOT NULL, account TEXT NOT NULL,
        phase TEXT NOT NULL, gone_at_ms INTEGER, created_at_ms INTEGER NOT NULL, state TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX offload_live ON offload (account) WHERE phase <> 'gone';
      CREATE INDEX offload_by_time ON offload (created_at_ms);
      CREATE INDEX offload_of_trial ON offload (trial_id);
      CREATE TABLE offload_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT, attempt_id TEXT NOT NULL, at_ms INTEGER NOT NULL, phase TEXT NOT NULL, text TEXT NOT NULL
      );
      CREATE INDEX offload_events ON offload_event (attempt_id, id);
      CREATE TRIGGER offload_event_stays BEFORE UPDATE ON offload_event BEGIN SELECT RAISE(ABORT, 'what happened is not changed'); END;
    `);
  },
};
export default cloud;
