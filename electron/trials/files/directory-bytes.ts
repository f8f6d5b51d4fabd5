/** How much room a trial's files take. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Disk use of a directory tree in bytes, blocks really allocated (a capped log has holes). 0 when it is not there, or is a link. */
export async function directoryBytes(dir: string): Promise<number> {
  let entries;
  try {
    // A trial may name a link of its making: that must not lead through the whole machine.
    if (!(await lstat(dir)).isDirectory()) return 0;
    entries = await readdir(dir, { withFileTypes: true });
  } catch {
    return 0;
  }
  let total = 0;
  for (const entry of entries) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) total += await directoryBytes(file);
    else {
      try {
        total += (await lstat(file)).blocks * 512;
      } catch {
        // It went away while we looked: nothing to count.
      }
    }
  }
  return total;
}
