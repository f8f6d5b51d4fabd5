import type { Migration } from '../migration.ts';

/** Which trials a trial waits for. A trial it still waits for may be deleted: that it does is kept, so that it can be told. */
const dependencies: Migration = {
  version: 11,
  name: 'dependencies',
  up(db) {
    db.exec(`
      CREATE TABLE dependency (
        trial_id INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE,
        on_trial_id INTEGER NOT NULL,
        wants TEXT NOT NULL CHECK (wants IN ('completed', 'ended')),
        PRIMARY KEY (trial_id, on_trial_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX dependency_on ON dependency (on_trial_id);
    `);
  },
};
export default dependencies;
