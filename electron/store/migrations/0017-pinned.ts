import type { Migration } from '../migration.ts';

/** Checkpoints that their user keeps. */
const pinned: Migration = {
  version: 17,
  name: 'pinned checkpoints',
  up(db) {
    db.exec('ALTER TABLE checkpoint ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0');
  },
};
export default pinned;
