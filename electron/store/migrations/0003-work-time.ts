import type { Migration } from '../migration.ts';

/** How long a trial has really worked (frozen time left out), and how often in a row it could not be launched. */
const workTime: Migration = {
  version: 3,
  name: 'work time',
  up(db) {
    db.exec(`
      ALTER TABLE trial ADD COLUMN launch_failures INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE trial ADD COLUMN frozen_since_ms INTEGER;
      ALTER TABLE trial ADD COLUMN frozen_ms INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE trial ADD COLUMN progress_worked_ms INTEGER;
      ALTER TABLE attempt ADD COLUMN frozen_ms INTEGER NOT NULL DEFAULT 0;
    `);
    // Since when a frozen trial has been frozen was not written down: from now on it is.
    db.exec(`UPDATE trial SET frozen_since_ms = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE frozen = 1`);
  },
};
export default workTime;
