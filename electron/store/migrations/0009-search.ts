import { chooseMainMetric, isLowerBetter } from '../../text/main-metric.ts';
import type { Migration } from '../migration.ts';
import { searchTextOf } from '../search-text.ts';

/** So many trials are read at once: a command may be long. */
const PIECE = 1_000;

/**
 * What trials are found by: their texts in a narrow table (reading a hundred thousand of them takes some hundredths of a second, the
 * rows themselves seconds), the place in the list, and the main metric of each beside its row.
 */
const search: Migration = {
  version: 9,
  name: 'search',
  up(db) {
    db.exec(`
      CREATE TABLE trial_text (
        trial_id INTEGER PRIMARY KEY REFERENCES trial(id) ON DELETE CASCADE,
        text TEXT NOT NULL
      ) STRICT;
      -- The order of the list as columns: only then can it be read on from a place.
      ALTER TABLE trial ADD COLUMN list_group INTEGER GENERATED ALWAYS AS
        (CASE WHEN state IN ('starting', 'running', 'stopping') THEN 0 WHEN state = 'done' THEN 2 ELSE 1 END) VIRTUAL;
      ALTER TABLE trial ADD COLUMN list_latest INTEGER GENERATED ALWAYS AS
        (CASE WHEN state = 'done' THEN -ended_at_ms ELSE 0 END) VIRTUAL;
      DROP INDEX trial_listing;
      CREATE INDEX trial_listing ON trial (list_group, list_latest, priority, rank, id, archived);
      ALTER TABLE trial ADD COLUMN metric_name TEXT;
      ALTER TABLE trial ADD COLUMN metric_last REAL;
      ALTER TABLE trial ADD COLUMN metric_best REAL;
    `);
    const read = db.prepare<[number, number], { id: number; name: string; labels: string; command: string | null }>(
      `SELECT id, name, labels, json_extract(spec, '$.command') AS command FROM trial WHERE id > ? ORDER BY id LIMIT ?`,
    );
    const write = db.prepare('INSERT INTO trial_text (trial_id, text) VALUES (?, ?)');
    for (let after = 0; ;) {
      const rows = read.all(after, PIECE);
      for (const { id, name, labels, command } of rows)
        write.run(id, searchTextOf(name, JSON.parse(labels) as string[], command ?? ''));
      if (rows.length < PIECE) break;
      after = rows.at(-1)?.id ?? 0;
    }

    // From name to name, and from trial to trial, by the index: the points themselves may be millions.
    const next = db.prepare<[number, number, string], { trialId: number; name: string }>(
      `SELECT trial_id AS trialId, name FROM metric WHERE trial_id > ? OR (trial_id = ? AND name > ?)
      ORDER BY trial_id, name LIMIT 1`,
    );
    const names = new Map<number, string[]>();
    for (let at = next.get(0, 0, ''); at !== undefined; at = next.get(at.trialId, at.trialId, at.name)) {
      const known = names.get(at.trialId);
      if (known === undefined) names.set(at.trialId, [at.name]);
      else known.push(at.name);
    }
    for (const [trialId, known] of names) {
      const name = chooseMainMetric(known);
      if (name === null) continue;
      db.prepare(
        `UPDATE trial SET metric_name = @name,
          metric_last = (SELECT value FROM metric WHERE trial_id = @trialId AND name = @name ORDER BY step DESC LIMIT 1),
          metric_best = (SELECT ${isLowerBetter(name) ? 'MIN' : 'MAX'}(value) FROM metric WHERE trial_id = @trialId AND name = @name)
        WHERE id = @trialId`,
      ).run({ trialId, name });
    }
  },
};
export default search;
