/**
 * Numbered, forward-only migrations. `PRAGMA user_version` holds the number of the last one applied.
 * A database from a newer Switchyard is refused and left untouched.
 */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../contract/errors.ts';
import type { Migration } from './migration.ts';
import initial from './migrations/0001-initial.ts';
import inPlace from './migrations/0002-in-place.ts';
import workTime from './migrations/0003-work-time.ts';
import runtimeWish from './migrations/0004-runtime-wish.ts';
import largeTables from './migrations/0005-large-tables.ts';
import snapshotInfo from './migrations/0006-snapshot-info.ts';
import shellEnvironment from './migrations/0007-shell-environment.ts';
import logFacts from './migrations/0008-log-facts.ts';
import search from './migrations/0009-search.ts';
import messages from './migrations/0010-messages.ts';
import dependencies from './migrations/0011-dependencies.ts';
import poolTarget from './migrations/0012-pool-target.ts';
import cells from './migrations/0013-cells.ts';
import searches from './migrations/0014-searches.ts';
import cloud from './migrations/0015-cloud.ts';
import paging from './migrations/0016-paging.ts';
import pinned from './migrations/0017-pinned.ts';

export const MIGRATIONS: readonly Migration[] = [
  initial,
  inPlace,
  workTime,
  runtimeWish,
  largeTables,
  snapshotInfo,
  shellEnvironment,
  logFacts,
  search,
  messages,
  dependencies,
  poolTarget,
  cells,
  searches,
  cloud,
  paging,
  pinned,
];

/**
 * Brings `db` up to the newest version, one transaction a migration.
 * @param upTo stop after this version (tests insert rows of the old shape, then go on)
 * @throws SwitchyardError database_newer
 */
export function migrate(db: Database, upTo = MIGRATIONS.length): void {
  const current = db.pragma('user_version', { simple: true }) as number;
  if (current > MIGRATIONS.length) {
    throw new SwitchyardError(
      'database_newer',
      `This data directory was last used by a newer Switchyard (database version ${current}; this program ` +
        `knows up to ${MIGRATIONS.length}). Nothing was changed.`,
      { remedy: 'Start the newer Switchyard, or point SWITCHYARD_HOME at another directory.' },
    );
  }
  for (const migration of MIGRATIONS) {
    if (migration.version <= current || migration.version > upTo) continue;
    db.transaction(() => {
      migration.up(db);
      db.pragma(`user_version = ${migration.version}`);
    }).exclusive();
  }
}
