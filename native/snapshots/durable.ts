/** Writes that outlive a power cut. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { forEachBounded } from './bounded.ts';
import { open } from 'node:fs/promises';

/** Waits until what is in a file, or which names a directory has, is on the disk. @throws the file system's error */
export async function syncPath(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** From so many files on, one flush of the whole file system costs less than one for each of them. */
const MANY = 50;
const FLUSH_TIMEOUT_MS = 120_000;

/**
 * The same for many files and directories at once.
 * @param dir a directory on the file system that holds them all
 */
export async function syncAll(dir: string, files: readonly string[]): Promise<void> {
  if (files.length >= MANY && process.platform === 'linux') {
    try {
      await promisify(execFile)('sync', ['-f', dir], { timeout: FLUSH_TIMEOUT_MS });
      return;
    } catch {
      // No such program: one by one then.
    }
  }
  await forEachBounded(files, 8, syncPath);
}
