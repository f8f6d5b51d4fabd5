/** How much room files take. */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Disk use of a file, or of a directory with all below it, in bytes: blocks really allocated (a capped log has holes). A link counts for
 * itself: a trial may name one of its making, and that must not lead through the whole machine. What goes away meanwhile, or cannot
 * be looked into, counts nothing. However many there are, no turn of the event loop takes long.
 */
export async function bytesOf(file: string): Promise<number> {
  let total = 0;
  const pending = [file];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    try {
      const stats = await lstat(at);
      total += stats.blocks * 512;
      if (!stats.isDirectory()) continue;
      for await (const entry of await opendir(at)) {
        const name = path.join(at, entry.name);
        if (entry.isDirectory()) pending.push(name);
        else total += await blocksOf(name);
      }
    } catch {
      // It went away while we looked, or is closed to us: nothing to count.
    }
  }
  return total;
}

async function blocksOf(file: string): Promise<number> {
  try {
    return (await lstat(file)).blocks * 512;
  } catch {
    return 0;
  }
}

/** The same for a directory alone. 0 when it is not there, or is something else. */
export async function directoryBytes(dir: string): Promise<number> {
  try {
    return (await lstat(dir)).isDirectory() ? await bytesOf(dir) : 0;
  } catch {
    return 0;
  }
}

/** @returns the names in a directory, read in small turns; [] when it is not there */
export async function namesIn(dir: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(dir)) names.push(name);
  } catch {
    // It is not there, or went away.
  }
  return names;
}
