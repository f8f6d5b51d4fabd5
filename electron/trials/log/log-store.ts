/**
 * Reading the log of an attempt: one file of raw bytes that its runtime appends to. Offsets are byte offsets into that
 * file and stay valid when the cap has dropped bytes in the middle (log-holes.ts); readers jump over those and say so.
 */
import type { FileHandle } from 'node:fs/promises';
import { sizeOf } from '../files/file-growth.ts';
import type { ByteRange } from './log-holes.ts';
import { holeAt, nextHole, readHoles } from './log-holes.ts';
import { openRegular } from '../files/open-regular.ts';

export const DEFAULT_LOG_READ_BYTES = 1024 * 1024;
export const MAX_LOG_READ_BYTES = 8 * 1024 * 1024;
const STREAM_CHUNK_BYTES = 256 * 1024;

export interface LogFacts {
  /** Logical length, dropped bytes included. */
  readonly totalBytes: number;
  readonly dropped: readonly ByteRange[];
}

export interface LogSlice {
  /** Where `data` starts. Later than asked for when the bytes asked for were dropped. */
  readonly offset: number;
  readonly data: Buffer;
  /** Where to read on; beyond offset + data.length when a dropped range follows. */
  readonly next: number;
  readonly totalBytes: number;
  /** The dropped range directly before `offset` or directly after the data, if this read jumped over one. */
  readonly dropped: readonly ByteRange[];
}

/** @returns length and dropped ranges; an attempt that has not written anything has 0 bytes */
export async function logFacts(logPath: string): Promise<LogFacts> {
  const totalBytes = await sizeOf(logPath);
  return { totalBytes, dropped: clipTo(await readHoles(logPath), totalBytes) };
}

/**
 * Reads one stretch of a log.
 * @param offset first byte; negative counts from the end; beyond the end reads nothing
 * @param limit most bytes, at most MAX_LOG_READ_BYTES
 */
export async function readLogRange(
  logPath: string,
  offset: number,
  limit: number = DEFAULT_LOG_READ_BYTES,
): Promise<LogSlice> {
  const handle = await openRegular(logPath);
  if (handle === null) return { offset: 0, data: Buffer.alloc(0), next: 0, totalBytes: 0, dropped: [] };
  try {
    const { size } = await handle.stat();
    const start = offset < 0 ? Math.max(0, size + offset) : Math.min(offset, size);
    return await readSlice(handle, logPath, start, Math.min(Math.max(0, limit), MAX_LOG_READ_BYTES));
  } finally {
    await handle.close();
  }
}

/**
 * The whole log as a stream, for a download. Dropped ranges appear as one line of text.
 * @param signal aborts the stream; a reader that cancels it also ends it
 */
export async function* streamLog(logPath: string, offset = 0, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  const handle = await openRegular(logPath);
  if (handle === null) return;
  try {
    let at = offset;
    for (;;) {
      if (signal?.aborted === true) return;
      const slice = await readSlice(handle, logPath, at, STREAM_CHUNK_BYTES);
      if (slice.offset > at) yield Buffer.from(droppedLine({ from: at, to: slice.offset }));
      if (slice.data.length > 0) yield slice.data;
      const end = slice.offset + slice.data.length;
      if (slice.next > end) yield Buffer.from(droppedLine({ from: end, to: slice.next }));
      if (slice.next === at) return;
      at = slice.next;
    }
  } finally {
    await handle.close();
  }
}

/** How a dropped range is told to people. */
export function droppedLine(range: ByteRange): string {
  return `\n[${(range.to - range.from).toLocaleString('en-US')} bytes dropped here: the log had reached its cap]\n`;
}

/** One read that never crosses a dropped range and never shows its zeros. `start` must not be beyond the end. */
export async function readSlice(handle: FileHandle, logPath: string, start: number, limit: number): Promise<LogSlice> {
  let at = start;
  const jumped: ByteRange[] = [];
  for (;;) {
    const { size } = await handle.stat();
    const wanted = Math.max(0, Math.min(limit, size - at));
    const buffer = Buffer.allocUnsafe(wanted);
    const { bytesRead } = wanted === 0 ? { bytesRead: 0 } : await handle.read(buffer, 0, wanted, at);
    // After the bytes, so that a range dropped meanwhile is known.
    const holes = clipTo(await readHoles(logPath), size);
    const inside = holeAt(holes, at);
    if (inside !== null) {
      jumped.push({ from: at, to: inside.to });
      at = inside.to;
      continue;
    }
    const ahead = nextHole(holes, at - 1);
    const end = ahead === null ? at + bytesRead : Math.min(at + bytesRead, ahead.from);
    const reachesHole = ahead !== null && end === ahead.from && end > at;
    return {
      offset: at,
      data: buffer.subarray(0, end - at),
      next: reachesHole ? ahead.to : end,
      totalBytes: size,
      dropped: reachesHole ? [...jumped, ahead] : jumped,
    };
  }
}

function clipTo(holes: readonly ByteRange[], totalBytes: number): readonly ByteRange[] {
  return holes
    .filter((hole) => hole.from < totalBytes)
    .map((hole) => ({ from: hole.from, to: Math.min(hole.to, totalBytes) }));
}
