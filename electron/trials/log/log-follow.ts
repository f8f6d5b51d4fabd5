/**
 * Following a log while it grows. Reads at most every 50 ms, at most 64 KiB at a time, and waits for change events in between.
 * States: reading (more is there) -> pausing (caught up, out of step with the 50 ms beat) -> waiting (file watcher armed) -> reading.
 */
import { restUntil, waitForGrowth } from '../files/file-growth.ts';
import type { ByteRange } from './log-holes.ts';
import { readSlice } from './log-store.ts';
import { openRegular } from '../files/open-regular.ts';

const BEAT_MS = 50;
const CHUNK_BYTES = 64 * 1024;

export interface FollowLog {
  readonly logPath: string;
  /** First byte; negative counts from the end; beyond the end starts at the end. */
  readonly offset: number;
  /** Bytes in order. A returned promise holds the next read back (slow clients). */
  readonly onChunk: (chunk: {
    readonly offset: number;
    readonly next: number;
    readonly data: Buffer;
  }) => void | Promise<void>;
  /** A range the reader jumped over, between two chunks. */
  readonly onDropped: (range: ByteRange) => void | Promise<void>;
  /** The listener went away. */
  readonly signal: AbortSignal;
  /** The attempt has ended and its last byte is in the file. */
  readonly ended: AbortSignal;
}

/**
 * @returns when the attempt has ended and everything was delivered, or when `signal` fired; `next` is where a later call reads on
 */
export async function followLog(follow: FollowLog): Promise<{ readonly next: number; readonly ended: boolean }> {
  let handle = await openRegular(follow.logPath);
  try {
    let at = follow.offset;
    if (handle !== null) {
      const { size } = await handle.stat();
      at = at < 0 ? Math.max(0, size + at) : Math.min(at, size);
    } else at = 0;
    for (;;) {
      // Asked before reading: bytes written before the end are then surely read.
      const wasEnded = follow.ended.aborted;
      handle ??= await openRegular(follow.logPath);
      const roundMs = performance.now();
      for (;;) {
        if (handle === null || follow.signal.aborted) break;
        const slice = await readSlice(handle, follow.logPath, at, CHUNK_BYTES);
        if (slice.offset > at) await follow.onDropped({ from: at, to: slice.offset });
        const end = slice.offset + slice.data.length;
        if (slice.data.length > 0) await follow.onChunk({ offset: slice.offset, next: end, data: slice.data });
        if (slice.next > end) await follow.onDropped({ from: end, to: slice.next });
        at = slice.next;
        // Less than a chunk with no gap behind it means caught up; the rest comes with the next beat.
        if (slice.data.length < CHUNK_BYTES && slice.next === end) break;
      }
      if (follow.signal.aborted) return { next: at, ended: false };
      if (wasEnded) return { next: at, ended: true };
      await restUntil(BEAT_MS - (performance.now() - roundMs), [follow.signal, follow.ended]);
      await waitForGrowth({ filePath: follow.logPath, knownBytes: at, signals: [follow.signal, follow.ended] });
    }
  } finally {
    await handle?.close();
  }
}
