/**
 * Keeps a log from filling the disk: beyond the cap its middle is given back to the file system, head and tail stay.
 * A hole is punched into the file: the writer may go on appending meanwhile, and no offset changes.
 */
import { sizeOf } from '../files/file-growth.ts';
import type { ByteRange } from './log-holes.ts';
import { readHoles, writeHoles } from './log-holes.ts';

/** File systems give back whole blocks only. */
const BLOCK_BYTES = 4096;

/** Gives a stretch of a file back to the file system while the file keeps its length (native/host/punch-hole.ts). @returns null when it worked, else why not */
export type PunchHole = (filePath: string, fromByte: number, lengthBytes: number) => Promise<string | null>;

export type CapResult =
  | { readonly supported: true; readonly dropped: readonly ByteRange[]; readonly changed: boolean }
  /** The log could not be shortened and keeps growing; the sentence says why. Asking again would fail again. */
  | { readonly supported: false; readonly reason: string };

/**
 * Which range must go, if any: a quarter of the cap stays at the head and half of it at the tail, so that the next
 * drop is far away. There is one range per log; it only grows. Pure.
 * @returns the whole dropped range, block aligned, or null when the log is within its cap
 */
export function rangeToDrop(totalBytes: number, capBytes: number, before: readonly ByteRange[]): ByteRange | null {
  const kept = totalBytes - before.reduce((sum, range) => sum + range.to - range.from, 0);
  if (kept <= capBytes) return null;
  const headEnd = Math.ceil(capBytes / 4 / BLOCK_BYTES) * BLOCK_BYTES;
  const tailStart = Math.floor((totalBytes - capBytes / 2) / BLOCK_BYTES) * BLOCK_BYTES;
  const from = Math.min(headEnd, ...before.map((range) => range.from));
  const to = Math.max(tailStart, ...before.map((range) => range.to));
  return to > from ? { from, to } : null;
}

/**
 * Drops the middle of a log that has outgrown its cap. Cheap when it has not (two look-ups); call it while the
 * attempt runs and once at its end. Calls for one log must not overlap.
 */
export async function enforceLogCap(logPath: string, capBytes: number, punchHole: PunchHole): Promise<CapResult> {
  const totalBytes = await sizeOf(logPath);
  if (totalBytes <= capBytes) return { supported: true, dropped: [], changed: false };
  const before = await readHoles(logPath);
  const range = rangeToDrop(totalBytes, capBytes, before);
  if (range === null) return { supported: true, dropped: before, changed: false };
  // Told first, dropped second: a reader never takes the zeros for text (log-holes.ts).
  await writeHoles(logPath, [range]);
  const problem = await punchHole(logPath, range.from, range.to - range.from);
  if (problem !== null) {
    await writeHoles(logPath, before);
    return { supported: false, reason: problem };
  }
  return { supported: true, dropped: [range], changed: true };
}
