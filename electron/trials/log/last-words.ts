/** The end of a log, and the last line a program wrote: in most failures, the reason. */
import { readLogRange } from './log-store.ts';
import { plainLine } from './plain-line.ts';

const TAIL_BYTES = 8 * 1024;
const MAX_CHARS = 300;

/** @returns the last line with something on it, without colours; null when there is none */
export function lastWords(tail: string): string | null {
  const lines = tail.split('\n').map((line) => {
    // A progress bar writes over itself: what stands there in the end counts.
    const shown = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
    return plainLine(shown).trim();
  });
  const last = lines.findLast((line) => line !== '');
  return last === undefined ? null : last.length <= MAX_CHARS ? last : `${last.slice(0, MAX_CHARS - 1)}…`;
}

/** Never rejects: a log that cannot be read has no end. @returns its last 8 KiB */
export async function readLogEnd(logPath: string): Promise<string> {
  const slice = await readLogRange(logPath, -TAIL_BYTES, TAIL_BYTES).catch(() => null);
  return slice === null ? '' : slice.data.toString('utf8');
}
