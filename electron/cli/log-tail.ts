/** Finds the last lines of a log by reading it backwards in growing pieces. */
import type { EngineClient } from '../client/engine-client.ts';

const FIRST_PIECE_BYTES = 64 * 1024;
/** The most the engine hands out at once. */
const LARGEST_PIECE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 10;

/**
 * @param lines how many lines from the end; an unfinished last line counts as one
 * @returns their bytes, and the offset of the byte after them
 */
export async function readTail(
  client: EngineClient,
  logPath: string,
  lines: number,
): Promise<{ readonly bytes: Buffer; readonly next: number }> {
  let wanted = FIRST_PIECE_BYTES;
  for (;;) {
    const response = await client.open(logPath, { offset: -wanted, limit: wanted });
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const offset = Number(response.headers['x-log-offset'] ?? 0);
    const next = Number(response.headers['x-log-next'] ?? offset + bytes.length);
    const from = startOfLastLines(bytes, lines);
    if (from > 0 || offset <= 0 || wanted >= LARGEST_PIECE_BYTES) return { bytes: bytes.subarray(from), next };
    wanted = Math.min(wanted * 8, LARGEST_PIECE_BYTES);
  }
}

/** @returns where the last `lines` lines start; 0 when there are not more than that */
export function startOfLastLines(bytes: Uint8Array, lines: number): number {
  if (lines === 0) return bytes.length;
  let left = lines;
  // A newline at the very end closes the last line, it does not begin another.
  for (let at = bytes.length - 2; at >= 0; at -= 1) {
    if (bytes[at] !== NEWLINE) continue;
    left -= 1;
    if (left === 0) return at + 1;
  }
  return 0;
}
