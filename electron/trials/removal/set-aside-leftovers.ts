/**
 * Directories of trials that the database does not know: it was replaced by a new one or a backup, and its ids start again. A trial must
 * not find another one's files under its own id. Nothing is deleted: leftovers are moved aside, and ids go on above what lay there.
 */
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Store } from '../../store/database.ts';
import { listGarbage } from '../../store/garbage.ts';
import { getTrialRow, reserveTrialIds } from '../../store/trials.ts';

/** Where leftovers go, below the data directory. */
const LEFTOVERS = 'leftovers';

/**
 * For the start, before any trial is.
 * @returns where what was found is now, and the ids; null when there was nothing
 */
export function setAsideLeftovers(
  store: Store,
  trialsDir: string,
): { readonly dir: string; readonly ids: readonly number[] } | null {
  const found = readdirSync(trialsDir)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number);
  if (found.length === 0) return null;
  const highest = found.reduce((most, id) => Math.max(most, id), 0);
  // Those of deleted trials are on their way out.
  const leaving = new Set(
    listGarbage(store.db).flatMap(({ garbage }) => (garbage.kind === 'directory' ? [garbage.path] : [])),
  );
  const ids = found.filter(
    (id) => getTrialRow(store.db, id) === null && !leaving.has(path.join(trialsDir, String(id))),
  );
  store.transact('reserve trial ids', (tx) => {
    reserveTrialIds(tx.db, highest);
  });
  if (ids.length === 0) return null;
  const dir = newPlace(trialsDir);
  for (const id of ids) renameSync(path.join(trialsDir, String(id)), path.join(dir, String(id)));
  return { dir, ids: ids.toSorted((a, b) => a - b) };
}

/**
 * Makes the directory of a trial for its first attempt. Whatever is there already is not its own and is moved aside.
 * @returns where that is now; null when there was nothing
 */
export function makeFirstDirectory(trialsDir: string, root: string): string | null {
  try {
    mkdirSync(root, { mode: 0o700 });
    return null;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      return null;
    }
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  const aside = path.join(newPlace(trialsDir), path.basename(root));
  renameSync(root, aside);
  mkdirSync(root, { mode: 0o700 });
  return aside;
}

/** An empty directory with a number of its own. */
function newPlace(trialsDir: string): string {
  const base = path.join(path.dirname(trialsDir), LEFTOVERS);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  for (let n = 1; ; n++) {
    const dir = path.join(base, String(n));
    try {
      mkdirSync(dir, { mode: 0o700 });
      return dir;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
