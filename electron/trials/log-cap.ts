/**
 * Keeps a log from filling the disk: beyond the cap its middle is given back to the file system, head and tail stay.
 * Linux only (a hole is punched into the file); the writer may go on appending meanwhile and no offset changes.
 */
import { execa } from 'execa';
import { sizeOf } from './file-growth.ts';
import type { ByteRange } from './log-holes.ts';
import { readHoles, writeHoles } from './log-holes.ts';

/** File systems give back whole blocks only. */
const BLOCK_BYTES = 4096;
const PUNCH_TIMEOUT_MS = 30_000;

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
export async function enforceLogCap(logPath: string, capBytes: number): Promise<CapResult> {
  const totalBytes = await sizeOf(logPath);
  if (totalBytes <= capBytes) return { supported: true, dropped: [], changed: false };
  const before = await readHoles(logPath);
  const range = rangeToDrop(totalBytes, capBytes, before);
  if (range === null) return { supported: true, dropped: before, changed: false };
  if (process.platform !== 'linux') return { supported: false, reason: 'the middle of a file can only be dropped on Linux' };
  // Told first, dropped second: a reader never takes the zeros for text (log-holes.ts).
  await writeHoles(logPath, [range]);
  const punched = await punchHole(logPath, range);
  if (punched !== null) {
    await writeHoles(logPath, before);
    return { supported: false, reason: punched };
  }
  return { supported: true, dropped: [range], changed: true };
}

/** @returns null when it worked, else why not. util-linux fallocate(1); the length of the file stays as it is. */
async function punchHole(logPath: string, range: ByteRange): Promise<string | null> {
  const result = await execa('fallocate', ['--punch-hole', '--offset', String(range.from), '--length', String(range.to - range.from), '--', logPath], {
    reject: false, timeout: PUNCH_TIMEOUT_MS, env: { LC_ALL: 'C' }, stdin: 'ignore',
  });
  if (!result.failed) return null;
  if (result.code === 'ENOENT') return 'the program fallocate (util-linux) is not installed';
  if (result.timedOut) return 'fallocate did not answer';
  const said = result.stderr.trim();
  return (said === '' ? result.shortMessage ?? 'fallocate failed' : said).slice(0, 300);
}
