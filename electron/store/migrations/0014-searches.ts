import type { Migration } from '../migration.ts';

/** Searches: their state, what their trials reported and became that they have not taken in yet, and why a trial is asked to stop. */
const searches: Migration = {
  version: 14,
  name: 'searches',
  up(db) {
    db.exec(`
      ALTER TABLE experiment ADD COLUMN kind TEXT NOT NULL DEFAULT 'single';
      ALTER TABLE trial ADD COLUMN stop_note TEXT;
      CREATE TABLE search (
        experiment_id INTEGER PRIMARY KEY REFERENCES experiment(id) ON DELETE CASCADE,
        config TEXT NOT NULL,
        seed INTEGER NOT NULL,
        state TEXT NOT NULL,
        phase TEXT NOT NULL CHECK (phase IN ('active', 'paused', 'over'))
      ) STRICT;
      CREATE TABLE search_event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        experiment_id INTEGER NOT NULL REFERENCES experiment(id) ON DELETE CASCADE,
        event TEXT NOT NULL
      ) STRICT;
      CREATE INDEX search_event_experiment ON search_event (experiment_id, seq);
    `);
  },
};
export default searches;
