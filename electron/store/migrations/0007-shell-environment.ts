import type { Migration } from '../migration.ts';

/** The environment of the shell an experiment was submitted from, encrypted, apart from what its configuration sets. */
const shellEnvironment: Migration = {
  version: 7,
  name: 'shell environment',
  up(db) {
    db.exec('ALTER TABLE experiment ADD COLUMN sealed_shell TEXT');
  },
};
export default shellEnvironment;
