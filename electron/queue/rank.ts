/**
 * Places in the line, pure. A pool's line is ordered by (priority, rank, id); rank is a fractional index
 * (fractional-indexing, CC0) that is unique in its pool, so that a move writes one row a trial moved.
 *
 * A move keeps each trial's own priority wherever the new place allows it, and takes the nearest neighbour's where not.
 */
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import type { LinePlace } from '../store/trials.ts';

/** A rank behind everything in the pool. @param last the pool's largest rank, null when empty */
export function rankBehind(last: string | null): string {
  return generateKeyBetween(last, null);
}

/** A rank between two that are next to each other in the pool. @param above null at its end */
export function rankBetween(below: string, above: string | null): string {
  return generateKeyBetween(below, above);
}

export interface Gap {
  /** The neighbours of the new place, without the trials that move; null at an end of the line. */
  readonly ahead: LinePlace | null;
  readonly behind: LinePlace | null;
  /** The pool's next rank above `ahead`'s and next below `behind`'s, whatever the state of its trial: keeps ranks unique. */
  readonly aboveAhead: string | null;
  readonly belowBehind: string | null;
}

export interface Placed {
  readonly id: number;
  readonly priority: number;
  readonly rank: string;
}

/** The priority a trial would have in a gap: its own where it fits between the neighbours', else the nearest. */
export function priorityInGap(own: number, gap: Pick<Gap, 'ahead' | 'behind'>): number {
  const low = gap.ahead?.priority ?? 1;
  const high = gap.behind?.priority ?? 99;
  return Math.min(Math.max(own, low), high);
}

/**
 * @param moving the trials that move, in the order of the line; the order among them is kept
 * @returns new priority and rank for each
 */
export function placeInGap(moving: readonly LinePlace[], gap: Gap): Placed[] {
  const wanted = moving.map((place) => ({ place, priority: priorityInGap(place.priority, gap) }));
  const sameOnBothSides = gap.ahead !== null && gap.behind !== null && gap.ahead.priority === gap.behind.priority;
  const nearAhead = wanted.filter((w) => gap.ahead !== null && w.priority === gap.ahead.priority);
  const nearBehind = sameOnBothSides
    ? []
    : wanted.filter(
        (w) => gap.behind !== null && w.priority === gap.behind.priority && w.priority !== gap.ahead?.priority,
      );
  const ranks = new Map<number, string>();
  assign(nearAhead, gap.ahead?.rank ?? null, gap.aboveAhead, ranks);
  // Both stretches may be the same one: the second begins where the first ended.
  const lastAhead = ranks.get(nearAhead.at(-1)?.place.id ?? -1) ?? null;
  const high = gap.behind?.rank ?? null;
  const low =
    lastAhead !== null && high !== null && lastAhead < high && (gap.belowBehind === null || lastAhead > gap.belowBehind)
      ? lastAhead
      : gap.belowBehind;
  assign(nearBehind, low, high, ranks);
  // Strictly between two priorities nothing else has that priority: the old rank serves.
  return wanted.map((w) => ({ id: w.place.id, priority: w.priority, rank: ranks.get(w.place.id) ?? w.place.rank }));
}

function assign(
  wanted: readonly { place: LinePlace }[],
  low: string | null,
  high: string | null,
  ranks: Map<number, string>,
): void {
  if (wanted.length === 0) return;
  const keys = generateNKeysBetween(low, high, wanted.length);
  wanted.forEach((w, i) => ranks.set(w.place.id, keys[i] as string));
}
