import type { Migration } from '../migration.ts';

/** Every order in which trials are listed has an index, so that a page far down is found as fast as the first (walk-trials). */
const paging: Migration = {
  version: 16,
  name: 'paging',
  up(db) {
    db.exec(`
      CREATE INDEX trial_by_end ON trial (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
      CREATE INDEX trial_by_start ON trial (started_at_ms) WHERE started_at_ms IS NOT NULL;
      CREATE INDEX trial_by_last ON trial (metric_last) WHERE metric_last IS NOT NULL;
      CREATE INDEX trial_by_best ON trial (metric_best) WHERE metric_best IS NOT NULL;
      CREATE INDEX trial_text_by_name ON trial_text (substr(text, 1, instr(text, '\u0001') - 1));
    `);
  },
};

export default paging;
