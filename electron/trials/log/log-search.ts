/** Searching a log of any size without holding up the event loop: piece by piece, one hit per line. */
import { readSlice } from './log-store.ts';
import { openRegular } from '../files/open-regular.ts';

const PIECE_BYTES = 256 * 1024;
/** A longer line is searched in stretches of this size, so that a log without line ends needs no more memory. */
const MAX_LINE_BYTES = 64 * 1024;
const MAX_SHOWN_CHARS = 500;
/** So much is decoded around a hit in a long line: 500 characters have at most 2000 bytes. */
const CONTEXT_BYTES = 1024;

export interface LogHit {
  /** Byte offset of the line, or of the shown excerpt where the line is long. */
  readonly offset: number;
  /** At most 500 characters. */
  readonly line: string;
}

export interface LogSearch {
  readonly logPath: string;
  /** Compared without regard to case. Never empty. */
  readonly query: string;
  /** First byte to search. */
  readonly from: number;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/**
 * @returns the first hits in the order of the log; `more` when the limit stopped the search; `next` is where to search on
 */
export async function searchLog(
  search: LogSearch,
): Promise<{ readonly hits: readonly LogHit[]; readonly more: boolean; readonly next: number }> {
  const handle = await openRegular(search.logPath);
  if (handle === null) return { hits: [], more: false, next: 0 };
  const find = makeFinder(search.query);
  const needleBytes = Buffer.byteLength(search.query);
  const hits: LogHit[] = [];
  try {
    let at = Math.min(search.from, (await handle.stat()).size);
    let carry = Buffer.alloc(0);
    for (;;) {
      if (search.signal?.aborted === true) return { hits, more: true, next: at };
      const slice = await readSlice(handle, search.logPath, at, PIECE_BYTES);
      const end = slice.offset + slice.data.length;
      // A jump over dropped bytes, like the end of the file, ends the line before it.
      const jumped = slice.offset > at;
      if (jumped && carry.length > 0) {
        for (const hit of find(carry, at - carry.length)) hits.push(hit);
        carry = Buffer.alloc(0);
      }
      const piece = carry.length === 0 ? slice.data : Buffer.concat([carry, slice.data]);
      const base = end - piece.length;
      const isLast = slice.next === at || slice.next > end;
      const cut = isLast ? piece.length : completeBytes(piece, needleBytes);
      for (const hit of find(piece.subarray(0, cut), base)) {
        hits.push(hit);
        if (hits.length > search.limit) return { hits: hits.slice(0, search.limit), more: true, next: hit.offset };
      }
      // Where a long line had to be cut, a query across the cut must still be found.
      const isLineEnd = cut === 0 || isBreak(piece[cut - 1]);
      carry = Buffer.from(piece.subarray(isLineEnd || isLast ? cut : Math.max(0, cut - needleBytes + 1)));
      if (slice.next === at) return { hits: hits.slice(0, search.limit), more: hits.length > search.limit, next: at };
      at = slice.next;
    }
  } finally {
    await handle.close();
  }
}

const LF = 10;
const CR = 13;
const isBreak = (byte: number | undefined): boolean => byte === LF || byte === CR;

/** How much of a piece can be searched now: whole lines, or everything where a line is too long to wait for its end. */
function completeBytes(piece: Buffer, needleBytes: number): number {
  const lastBreak = Math.max(piece.lastIndexOf(LF), piece.lastIndexOf(CR));
  return piece.length - (lastBreak + 1) > Math.max(MAX_LINE_BYTES, needleBytes * 2) ? piece.length : lastBreak + 1;
}

type Finder = (piece: Buffer, base: number) => Generator<LogHit>;

/** ASCII queries are searched in bytes; others line by line, because their upper and lower case differ in length. */
function makeFinder(query: string): Finder {
  const isAscii = Buffer.byteLength(query) === query.length;
  const needle = query.toLowerCase();
  if (isAscii) {
    return function* inBytes(piece, base) {
      const text = piece.toString('latin1').toLowerCase();
      let at = 0;
      for (;;) {
        const found = text.indexOf(needle, at);
        if (found < 0) return;
        const [start, end] = lineAround(piece, found);
        yield excerpt(piece, base, start, end, found);
        at = Math.max(end, found + 1);
      }
    };
  }
  return function* inText(piece, base) {
    let start = 0;
    while (start < piece.length) {
      const [, end] = lineAround(piece, start);
      if (end > start) {
        const line = piece.toString('utf8', start, end);
        const found = line.toLowerCase().indexOf(needle);
        if (found >= 0) yield excerpt(piece, base, start, end, start + Buffer.byteLength(line.slice(0, found)));
      }
      start = end + 1;
    }
  };
}

/** @returns start and end (without the line break) of the line that holds the byte at `at` */
function lineAround(piece: Buffer, at: number): readonly [number, number] {
  let start = at;
  while (start > 0 && !isBreak(piece[start - 1])) start--;
  let end = at;
  while (end < piece.length && !isBreak(piece[end])) end++;
  return [start, end];
}

function excerpt(piece: Buffer, base: number, start: number, end: number, found: number): LogHit {
  if (end - start <= CONTEXT_BYTES)
    return { offset: base + start, line: piece.toString('utf8', start, end).slice(0, MAX_SHOWN_CHARS) };
  let from = Math.max(start, found - 100);
  // Not in the middle of a character: UTF-8 continuation bytes are 10xxxxxx.
  while (from > start && ((piece[from] ?? 0) & 0xc0) === 0x80) from--;
  return {
    offset: base + from,
    line: piece
      .toString('utf8', from, Math.min(end, from + CONTEXT_BYTES))
      .slice(0, MAX_SHOWN_CHARS)
      .replace(/\uFFFD+$/u, ''),
  };
}
