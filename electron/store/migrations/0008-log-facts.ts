import type { Migration } from '../migration.ts';

/** What is read from the logs: whether metrics are taken from them and how far that is, and whether the progress comes from there. */
const logFacts: Migration = {
  version: 8,
  name: 'log facts',
  up(db) {
    db.exec(`
      ALTER TABLE trial ADD COLUMN takes_log_metrics INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE trial ADD COLUMN progress_from_log INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE attempt ADD COLUMN log_metrics_state TEXT;
    `);
  },
};
export default logFacts;
