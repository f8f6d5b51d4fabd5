/** Opens files that a trial may have put something else in the place of. */
import { constants } from 'node:fs';
import { open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { isOutOfReach } from './file-growth.ts';

/**
 * For reading. No link is followed, and a pipe does not hold us up.
 * @returns null when there is no such file (yet), or when something else stands in its place or its way
 */
export async function openRegular(file: string): Promise<FileHandle | null> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (isOutOfReach(error)) return null;
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return null;
}

/** For writing what is ours: whatever stood in its place goes, nothing is followed or waited for. Readable by its owner alone. */
export async function writeRegular(file: string, text: string): Promise<void> {
  await rm(file, { force: true, recursive: true });
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
}
