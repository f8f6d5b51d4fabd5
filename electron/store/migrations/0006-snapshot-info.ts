import type { Migration } from '../migration.ts';

/** What is known of a snapshot: sizes, base commit, what was left out. */
const snapshotInfo: Migration = {
  version: 6,
  name: 'snapshot info',
  up(db) {
    db.exec('ALTER TABLE experiment ADD COLUMN snapshot_info TEXT');
  },
};
export default snapshotInfo;
