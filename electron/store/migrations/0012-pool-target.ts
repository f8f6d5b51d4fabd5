import type { Migration } from '../migration.ts';

/** Where a pool's trials run, as JSON; null = on this workstation, as all did before. */
const poolTarget: Migration = {
  version: 12,
  name: 'pool target',
  up(db) {
    db.exec('ALTER TABLE pool ADD COLUMN target TEXT');
  },
};
export default poolTarget;
