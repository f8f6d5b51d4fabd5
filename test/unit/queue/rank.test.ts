import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareInLine } from '../../../electron/contract/queue-order.ts';
import { placeInGap, priorityInGap, rankBehind } from '../../../electron/queue/rank.ts';
import type { LinePlace } from '../../../electron/store/trials.ts';

/** A pool's line kept in memory, moved with the same decisions as the database. */
function move(line: readonly LinePlace[], ids: ReadonlySet<number>, index: number): LinePlace[] {
  const moving = line.filter((place) => ids.has(place.id));
  const rest = line.filter((place) => !ids.has(place.id));
  const ahead = rest[index - 1] ?? null;
  const behind = rest[index] ?? null;
  const ranks = line.map(({ rank }) => rank).toSorted();
  const placed = placeInGap(moving, {
    ahead,
    behind,
    aboveAhead: ahead === null ? null : (ranks.find((rank) => rank > ahead.rank) ?? null),
    belowBehind: behind === null ? null : (ranks.findLast((rank) => rank < behind.rank) ?? null),
  });
  return [...rest, ...placed].toSorted(compareInLine);
}

function lineOf(priorities: readonly number[]): LinePlace[] {
  let last: string | null = null;
  return priorities
    .map((priority, i) => {
      last = rankBehind(last);
      return { id: i + 1, priority, rank: last };
    })
    .toSorted(compareInLine);
}

const moves = fc.array(fc.record({ pick: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), index: fc.nat() }), {
  minLength: 1,
  maxLength: 40,
});

describe('placeInGap', () => {
  test('puts the trials exactly into the gap, keeps their order, keeps ranks unique, and touches nobody else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(10, 42, 42, 42, 60), { minLength: 2, maxLength: 12 }),
        moves,
        (priorities, steps) => {
          let line = lineOf(priorities);
          for (const step of steps) {
            const ids = new Set(step.pick.map((n) => line[n % line.length]?.id as number));
            const index = step.index % (line.length - ids.size + 1);
            const expected = line.filter((p) => !ids.has(p.id)).map((p) => p.id);
            expected.splice(index, 0, ...line.filter((p) => ids.has(p.id)).map((p) => p.id));
            const before = new Map(line.map((p) => [p.id, p]));
            line = move(line, ids, index);
            expect(line.map((p) => p.id)).toEqual(expected);
            expect(new Set(line.map((p) => p.rank)).size).toBe(line.length);
            for (const place of line) if (!ids.has(place.id)) expect(place).toEqual(before.get(place.id));
          }
        },
      ),
    );
  });

  test('a trial keeps its priority wherever the place allows it', () => {
    const gap = { ahead: { id: 1, priority: 10, rank: 'a0' }, behind: { id: 2, priority: 42, rank: 'a1' } };
    expect(priorityInGap(42, gap)).toBe(42);
    expect(priorityInGap(20, gap)).toBe(20);
    expect(priorityInGap(60, gap)).toBe(42);
    expect(priorityInGap(5, gap)).toBe(10);
    expect(priorityInGap(60, { ahead: null, behind: null })).toBe(60);
  });
});
