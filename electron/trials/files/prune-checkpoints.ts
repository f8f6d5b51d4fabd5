/**
 * Keeps the newest checkpoints of a trial and removes the older ones, where its user asked for that.
 *
 * Never removed: the one the next attempt would go on from (which is the newest by step, see checkpoints.ts) and the one saved last.
 * A checkpoint loses its name first, so that no half of one is ever found; what a crash leaves under the other name goes the next time.
 */
import { lstat, readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '../removal/remove-tree.ts';
import { isCheckpointName } from '../reports/report-lines.ts';
import { isOutOfReach } from './file-growth.ts';
import type { FoundCheckpoint } from './checkpoints.ts';
import { listFinishedCheckpoints } from './checkpoints.ts';

/** A name that begins with a dot is no finished checkpoint. */
const DOOMED = '.removed-';

/** @param found newest first. @returns those that go; pure */
export function surplusCheckpoints(found: readonly FoundCheckpoint[], keepLast: number): readonly FoundCheckpoint[] {
  const lastSavedMs = found.reduce((latest, { savedAtMs }) => Math.max(latest, savedAtMs), Number.NEGATIVE_INFINITY);
  return found.slice(Math.max(1, keepLast)).filter(({ savedAtMs }) => savedAtMs < lastSavedMs);
}

/**
 * @param keepLast 1 or more
 * @param pinned names of those that stay, whatever their age
 * @returns those that went, oldest first, and the names of all that are left
 * @throws the system's error, for files of another user
 */
export async function pruneCheckpoints(
  checkpointDir: string,
  keepLast: number,
  pinned: ReadonlySet<string>,
): Promise<{ readonly removed: readonly FoundCheckpoint[]; readonly left: ReadonlySet<string> }> {
  const found = await listFinishedCheckpoints(checkpointDir);
  const removed = surplusCheckpoints(found, keepLast)
    .filter(({ name }) => !pinned.has(name))
    .toReversed();
  await removeCheckpoints(
    checkpointDir,
    removed.map(({ name }) => name),
  );
  const gone = new Set(removed.map(({ name }) => name));
  return { removed, left: new Set(found.map(({ name }) => name).filter((name) => !gone.has(name))) };
}

/**
 * @param names of finished checkpoints there; one that is gone already is no fault
 * @throws the system's error, for files of another user
 */
export async function removeCheckpoints(checkpointDir: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  for (const name of names) {
    // The name comes from our own database; a check costs nothing and a wrong rm -rf costs everything.
    if (!isCheckpointName(name)) throw new Error(`${JSON.stringify(name)} is not the name of a checkpoint`);
    const doomed = path.join(checkpointDir, `${DOOMED}${name}`);
    // What a crash left of one that was saved again under its name would be in the way for ever.
    await removeWhatever(doomed);
    await rename(path.join(checkpointDir, name), doomed).catch((error: unknown) => {
      if (!isOutOfReach(error)) throw error;
    });
  }
  if (!(await lstat(checkpointDir).catch(() => null))?.isDirectory()) return;
  for (const name of await readdir(checkpointDir)) {
    const doomed = path.join(checkpointDir, name);
    if (name.startsWith(DOOMED) && (await lstat(doomed)).isDirectory()) await removeTree(doomed);
  }
}

async function removeWhatever(at: string): Promise<void> {
  const found = await lstat(at).catch(() => null);
  if (found?.isDirectory() === true) await removeTree(at);
  else if (found !== null) await unlink(at);
}
