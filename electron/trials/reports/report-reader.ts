/**
 * Reads what a trial reports (report-lines.ts) while it is being written.
 * States: following -> draining -> drained, or closed from anywhere. Records are handed over in order, one batch at a time;
 * a batch that its taker refuses is handed over again, so nothing is lost while the database is busy.
 */
import { lstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { isOutOfReach, restUntil, waitForGrowth } from '../files/file-growth.ts';
import { openRegular } from '../files/open-regular.ts';
import type { ReportRecord } from './report-lines.ts';
import { MAX_REPORT_LINE_BYTES, parseReportLine } from './report-lines.ts';

/** A trial that reports all the time is looked at this often. */
const BEAT_MS = 100;
const RETRY_MS = 500;
/** A repeated fault is told and tried again more and more seldom. */
const MAX_RETRY_MS = 30_000;
/** A trial that writes faster than we take in is not followed further behind than this: the newest counts. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024;
/** So much is understood at once; in between, others get their turn. */
const SLICE_LINES = 500;
/** How often a refused batch is tried again before an ended attempt is let go without it. */
const DRAIN_RETRIES = 20;
/** A line of the greatest length fits with its end. */
const MAX_PIECE_BYTES = MAX_REPORT_LINE_BYTES + 1;
const LF = 10;
/** Nobody asks why: without a reason an abort makes an error with its stack each time. */
const ENDED = 'ended';

export interface ReportReaderOptions {
  readonly filePath: string;
  /** Where to begin: the newOffset of an earlier reader, or 0. */
  readonly offset: number;
  /**
   * Takes a batch. `newOffset` is where a later reader goes on; `skippedLines` counts lines of this batch that were not understood.
   * When it throws, the same batch comes again.
   */
  readonly onRecords: (
    records: readonly ReportRecord[],
    newOffset: number,
    skippedLines: number,
  ) => void | Promise<void>;
  /** A batch was refused or the file cannot be read; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** The trial was so far ahead that this much was left out. */
  readonly onLeftOut?: (bytes: number) => void;
}

export interface ReportReader {
  /**
   * Reads to the end, a last line without line end included, and stops. Never rejects: a batch that is refused for about
   * 10 s is given up with onError (it stays in the file).
   */
  drain(): Promise<void>;
  /** How much a drain would have to read, bytes. */
  behindBytes(): number;
  /** Stops at once; idempotent. What was not handed over stays in the file. */
  close(): void;
}

/** Starts reading. The file need not exist yet. */
export function createReportReader(options: ReportReaderOptions): ReportReader {
  const closed = new AbortController();
  const draining = new AbortController();
  let offset = options.offset;
  /** How far the file has been looked at; beyond `offset` while a line is only half written. */
  let seenBytes = offset;
  /** Inside a line that is longer than allowed: everything up to its end is skipped. */
  let inGiant = false;

  /** Hands over one piece's worth of lines. @returns false when there was nothing new */
  async function readPiece(handle: FileHandle, toTheEnd: boolean): Promise<boolean> {
    const { size } = await handle.stat();
    if (size - offset > MAX_BEHIND_BYTES) {
      const left = size - MAX_PIECE_BYTES - offset;
      offset += left;
      // Probably in the middle of a line.
      inGiant = true;
      options.onLeftOut?.(left);
    }
    const wanted = Math.min(Math.max(0, size - offset), MAX_PIECE_BYTES);
    if (wanted === 0) return false;
    const buffer = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await handle.read(buffer, 0, wanted, offset);
    seenBytes = offset + bytesRead;
    const piece = buffer.subarray(0, bytesRead);
    const cut = piece.lastIndexOf(LF) + 1;
    const isFull = bytesRead === MAX_PIECE_BYTES;
    if (cut > 0) {
      await deliver(piece.subarray(0, cut), offset + cut);
      inGiant = false;
      return true;
    }
    if (isFull || (inGiant && bytesRead > 0)) {
      // No end in sight: give the line up, and count it once.
      const skipped = inGiant ? 0 : 1;
      await options.onRecords([], offset + bytesRead, skipped);
      offset += bytesRead;
      inGiant = true;
      return true;
    }
    if (toTheEnd && bytesRead > 0) {
      await deliver(piece, offset + bytesRead);
      return true;
    }
    return false;
  }

  async function deliver(lines: Buffer, newOffset: number): Promise<void> {
    const records: ReportRecord[] = [];
    let skipped = 0;
    let isRestOfGiant = inGiant;
    let sinceTurn = 0;
    for (const line of lines.toString('utf8').split('\n')) {
      // A long line counts for many.
      sinceTurn += 1 + line.length / 200;
      if (sinceTurn > SLICE_LINES) {
        await setImmediate();
        sinceTurn = 0;
      }
      if (isRestOfGiant) {
        isRestOfGiant = false;
        continue;
      }
      if (line.trim() === '') continue;
      const record = parseReportLine(line);
      if (record === null) skipped++;
      else records.push(record);
    }
    await options.onRecords(records, newOffset, skipped);
    offset = newOffset;
  }

  async function readAll(toTheEnd: boolean): Promise<void> {
    const handle = await openReports(options.filePath);
    if (handle === null) return;
    try {
      let hasMore = true;
      while (hasMore && !closed.signal.aborted) hasMore = await readPiece(handle, toTheEnd);
    } finally {
      await handle.close();
    }
  }

  async function follow(): Promise<void> {
    const signals = [closed.signal, draining.signal];
    let retryMs = RETRY_MS;
    while (!signals.some((signal) => signal.aborted)) {
      try {
        await readAll(false);
        await restUntil(BEAT_MS, signals);
        await waitForGrowth({ filePath: options.filePath, knownBytes: seenBytes, signals });
        retryMs = RETRY_MS;
      } catch (error) {
        options.onError(error);
        await restUntil(retryMs, signals);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    }
  }

  const following = follow();
  return {
    async drain() {
      draining.abort(ENDED);
      await following;
      for (let tries = 0; !closed.signal.aborted && tries <= DRAIN_RETRIES; tries++) {
        try {
          await readAll(true);
          closed.abort(ENDED);
        } catch (error) {
          options.onError(error);
          await restUntil(RETRY_MS, [closed.signal]);
        }
      }
    },
    behindBytes: () => Math.max(0, plainSize(options.filePath) - offset),
    close() {
      closed.abort(ENDED);
    },
  };
}

/** @returns 0 for what is not there or no plain file */
function plainSize(filePath: string): number {
  try {
    const found = lstatSync(filePath);
    return found.isFile() ? found.size : 0;
  } catch {
    return 0;
  }
}

/** @returns null while there is no such file, or when something else stands in its place */
async function openReports(filePath: string): Promise<FileHandle | null> {
  // Most trials report nothing: that costs them one look, not a failed open.
  try {
    if (lstatSync(filePath, { throwIfNoEntry: false }) === undefined) return null;
  } catch (error) {
    if (isOutOfReach(error)) return null;
    throw error;
  }
  return openRegular(filePath);
}
