/**
 * Which bytes of a log are gone. The cap drops the middle of a log; the log keeps its length and every byte its offset.
 * Sidecar format, `<log>.holes.json`: {"version":1,"dropped":[{"from":4096,"to":8192}]}, ascending, `to` exclusive.
 *
 * Order, so that no lock is needed: the sidecar is written before bytes vanish, and readers read the bytes before the sidecar.
 */
import { rename } from 'node:fs/promises';
import { z } from 'zod';
import { isOutOfReach } from '../files/file-growth.ts';
import { openRegular, writeRegular } from '../files/open-regular.ts';

export interface ByteRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

const Sidecar = z.object({
  version: z.literal(1),
  dropped: z.array(z.object({ from: z.number().int().min(0), to: z.number().int().min(0) })),
});

export function holesPathOf(logPath: string): string {
  return `${logPath}.holes.json`;
}

/** @returns the dropped ranges, ascending; none when there is no sidecar or it cannot be understood (readers then show NULs) */
export async function readHoles(logPath: string): Promise<readonly ByteRange[]> {
  let text: string;
  try {
    const handle = await openRegular(holesPathOf(logPath));
    if (handle === null) return [];
    try {
      text = await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
  try {
    const parsed = Sidecar.safeParse(JSON.parse(text));
    return parsed.success
      ? parsed.data.dropped.filter((range) => range.to > range.from).toSorted((a, b) => a.from - b.from)
      : [];
  } catch {
    return [];
  }
}

/** Replaces the sidecar in one step. */
export async function writeHoles(logPath: string, dropped: readonly ByteRange[]): Promise<void> {
  const target = holesPathOf(logPath);
  const draft = `${target}.tmp`;
  await writeRegular(draft, JSON.stringify({ version: 1, dropped }));
  await rename(draft, target);
}

/** @returns the hole that contains the byte at `offset`, or null */
export function holeAt(holes: readonly ByteRange[], offset: number): ByteRange | null {
  return holes.find((hole) => offset >= hole.from && offset < hole.to) ?? null;
}

/** @returns the first hole that starts after `offset`, or null */
export function nextHole(holes: readonly ByteRange[], offset: number): ByteRange | null {
  return holes.find((hole) => hole.from > offset) ?? null;
}
