import type { Migration } from '../migration.ts';

/** Experiments that run in their source directory itself instead of in a copy of it. */
const inPlace: Migration = {
  version: 2,
  name: 'in place',
  up(db) {
    db.exec('ALTER TABLE experiment ADD COLUMN in_place INTEGER NOT NULL DEFAULT 0 CHECK (in_place IN (0, 1))');
  },
};
export default inPlace;
