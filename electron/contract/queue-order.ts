/**
 * The order of the queue, defined here and nowhere else: priority, then rank, then the order of submission.
 * The database sorts by the same fields (store/trials.ts), and a test holds the two against each other.
 * Imports nothing: the screen takes it as it is, without the schema library.
 */

/** 1 is first, 99 last. */
export const MIN_PRIORITY = 1;
export const MAX_PRIORITY = 99;
export const DEFAULT_PRIORITY = 42;

/** What orders a trial in the line of its pool. */
export interface Place {
  readonly priority: number;
  /** A fractional index, plain ASCII, so that text order here is byte order in the database; the pure plan also takes numbers, and null = unknown. */
  readonly rank: string | number | null;
  /** Ascends with the time of submission. */
  readonly id: number;
}

/** @returns below 0 where `a` comes before `b` in the line of one pool */
export function compareInLine(a: Place, b: Place): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  const byRank = compareRanks(a.rank, b.rank);
  return byRank === null || byRank === 0 ? a.id - b.id : byRank;
}

/** @returns the order of two ranks, or null where one is unknown or they are not of one kind */
export function compareRanks(a: unknown, b: unknown): number | null {
  const comparable =
    (typeof a === 'string' && typeof b === 'string') ||
    (typeof a === 'number' && typeof b === 'number' && !Number.isNaN(a) && !Number.isNaN(b));
  if (!comparable) return null;
  return a < b ? -1 : a > b ? 1 : 0;
}
