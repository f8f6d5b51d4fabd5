import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortRows, toSortKeys } from '../../../../electron/experiments/table/sort-rows.ts';
import { takeTurns } from '../../../../electron/ports/turns.ts';

test('many rows come out as one sort of all of them would give them', async () => {
  const cell = fc.option(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom('a', 'b')), { nil: null });
  await fc.assert(
    fc.asyncProperty(
      fc.array(cell, { minLength: 1, maxLength: 40 }),
      fc.constantFrom(1, 1_999, 2_000, 2_001, 6_500, 8_000),
      fc.boolean(),
      async (some, count, isDescending) => {
        const values = Array.from({ length: count }, (_, at) => some[(at * 7) % some.length] ?? null);
        const keys = toSortKeys(values, isDescending);
        const rows = await sortRows(count, [keys], await takeTurns());
        const expected = Array.from({ length: count }, (_, at) => at).sort(
          (a, b) => (keys[a] === keys[b] ? 0 : (keys[a] ?? 0) - (keys[b] ?? 0)) || b - a,
        );
        expect([...rows]).toEqual(expected);
      },
    ),
    { numRuns: 30 },
  );
});

test('numbers stand before texts, an infinite one before nothing at all', () => {
  const order = (isDescending: boolean): unknown[] => {
    const values = ['b', null, 2, Number.POSITIVE_INFINITY, 'a', 1];
    const keys = toSortKeys(values, isDescending);
    return values
      .map((value, at) => [keys[at] ?? 0, value] as const)
      .sort(([a], [b]) => a - b)
      .map(([, value]) => value);
  };
  expect(order(false)).toEqual([1, 2, Number.POSITIVE_INFINITY, 'a', 'b', null]);
  expect(order(true)).toEqual(['b', 'a', Number.POSITIVE_INFINITY, 2, 1, null]);
});
