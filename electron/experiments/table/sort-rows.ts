/** Sorts many rows in turns with everybody else: runs first, then run with run. Pure but for the turns it takes. */
import type { CellValue } from '../../contract/table.ts';
import type { Pace } from '../../ports/turns.ts';

/** So many are sorted at once. */
const RUN = 2_000;
/** The clock is looked at after so many steps of a merge. */
const STRIDE = 1_000;

/** What rows are compared by, one number a row: the smaller comes first. */
export type SortKeys = Float64Array;

/** Behind every value there is. */
const NONE = Number.POSITIVE_INFINITY;

/** @returns keys that order these values; what has no value is last either way, numbers stand before texts */
export function toSortKeys(values: readonly CellValue[], isDescending: boolean): SortKeys {
  const keys = new Float64Array(values.length);
  const rank = values.some((value) => typeof value === 'string') ? ranksOf(values) : null;
  values.forEach((value, at) => {
    const place = value === null ? NONE : rank === null ? finite(Number(value)) : (rank.get(value) ?? 0);
    keys[at] = place === NONE || !isDescending ? place : -place;
  });
  return keys;
}

/** An infinite value is still one: it stands before what has none. */
const finite = (value: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));

function ranksOf(values: readonly CellValue[]): ReadonlyMap<CellValue, number> {
  const distinct = [...new Set(values)].sort((a, b) =>
    typeof a !== typeof b ? (typeof a === 'number' ? -1 : 1) : (a ?? 0) < (b ?? 0) ? -1 : 1,
  );
  return new Map(distinct.map((value, at) => [value, at]));
}

/**
 * @param count rows 0 to count - 1
 * @param keys the first decides first; equals: the later row comes first
 * @returns the rows in order
 */
export async function sortRows(count: number, keys: readonly SortKeys[], pace: Pace): Promise<Int32Array> {
  const [first = new Float64Array(count)] = keys;
  const others = keys.slice(1);
  const compare = (a: number, b: number): number => {
    const [left = 0, right = 0] = [first[a], first[b]];
    if (left !== right) return left < right ? -1 : 1;
    for (const key of others) {
      const [l = 0, r = 0] = [key[a], key[b]];
      if (l !== r) return l < r ? -1 : 1;
    }
    return b - a;
  };
  let from = Int32Array.from({ length: count }, (_, at) => at);
  for (let at = 0; at < count; at += RUN) {
    await pace.step();
    from.subarray(at, at + RUN).sort(compare);
  }
  let to = new Int32Array(count);
  for (let width = RUN; width < count; width *= 2) {
    for (let at = 0; at < count; at += 2 * width) await merge(from, to, at, width, compare, pace);
    [from, to] = [to, from];
  }
  return from;
}

/** Merges the run of `width` at `at` with the one behind it. */
async function merge(
  from: Int32Array,
  to: Int32Array,
  at: number,
  width: number,
  compare: (a: number, b: number) => number,
  pace: Pace,
): Promise<void> {
  const middle = Math.min(from.length, at + width);
  const end = Math.min(from.length, at + 2 * width);
  let left = at;
  let right = middle;
  for (let out = at; out < end; out += 1) {
    const takesLeft = left < middle && (right >= end || compare(from[left] ?? 0, from[right] ?? 0) <= 0);
    to[out] = from[takesLeft ? left++ : right++] ?? 0;
    if (out % STRIDE === 0 && pace.isDue()) await pace.step();
  }
}
