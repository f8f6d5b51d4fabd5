/**
 * Room kept back for the day the disk is full: a file of bytes that say nothing. What must be saved even then (a trial ended, a user
 * cancels or deletes) gets a piece of it; when there is room again the file grows back. Random bytes, because a file system that
 * compresses would keep no room for zeros.
 *
 * Invariant: a piece is given back in one call to the system and before anything else can take a turn, so that whoever needed it comes first.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, ftruncateSync, fstatSync, openSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

const MIB = 1024 * 1024;
const RESERVE_BYTES = 16 * MIB;
/** Of a small disk it takes no more than this part. */
const PART_OF_DISK = 1 / 16;
/** So many times can be given, each time enough for many changes. */
const PIECES = 4;
/** It grows only where so many times as much stays free. */
const COMFORT = 8;
const CHUNK_BYTES = MIB;

/** @returns how large the reserve on a disk of this size is, bytes */
export function reserveBytes(totalMiB: number): number {
  return Math.min(RESERVE_BYTES, Math.floor(totalMiB * MIB * PART_OF_DISK));
}

/** @returns whether there was something to give */
export function giveFromReserve(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r+');
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return false;
    ftruncateSync(descriptor, Math.max(0, size - Math.max(Math.ceil(size / PIECES), MIB / 4)));
    return true;
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes the reserve, or what is missing of it, when there is plenty of room. Never rejects: without it everything works as before.
 * @param disk space on its disk; null when unknown
 */
export async function growReserve(
  file: string,
  disk: { readonly freeMiB: number; readonly totalMiB: number } | null,
): Promise<void> {
  if (disk === null) return;
  const wanted = reserveBytes(disk.totalMiB);
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= wanted || disk.freeMiB * MIB < COMFORT * (wanted - size)) return;
  try {
    const handle = await open(file, 'a', 0o600);
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      while (size < wanted) {
        randomFillSync(chunk);
        const { bytesWritten } = await handle.write(chunk, 0, Math.min(CHUNK_BYTES, wanted - size));
        size += bytesWritten;
      }
    } finally {
      await handle.close();
    }
  } catch {
    // Somebody else was faster with that room; it is tried again.
  }
}
