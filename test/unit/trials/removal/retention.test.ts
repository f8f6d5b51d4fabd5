import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { keptCheckpoints, type RankedCheckpoint } from '../../../../electron/trials/removal/retention.ts';

/** Ten checkpoints of two trials, as Determined's own documentation has them; smaller is better. */
const metrics: readonly (readonly [trialId: number, metric: number | null])[] = [
  [1, null],
  [1, null],
  [1, 0.6],
  [1, 0.5],
  [1, 0.4],
  [2, null],
  [2, 0.2],
  [2, 0.3],
  [2, null],
  [2, null],
];
const checkpoints: readonly RankedCheckpoint[] = metrics.map(([trialId, metric], at) => ({
  id: at + 1,
  trialId,
  metric,
  savedAtMs: at,
  mustStay: false,
}));

it.each([
  [0, 0, 0, []],
  [2, 0, 0, [7, 8]],
  [5, 0, 0, [3, 4, 5, 7, 8]],
  [0, 1, 0, [5, 7]],
  [0, 3, 0, [3, 4, 5, 7, 8]],
  [0, 0, 1, [5, 10]],
  [0, 0, 3, [3, 4, 5, 8, 9, 10]],
  [2, 1, 0, [5, 7, 8]],
  [2, 0, 1, [5, 7, 8, 10]],
  [0, 1, 1, [5, 7, 10]],
  [2, 1, 1, [5, 7, 8, 10]],
])(
  '%i of the experiment, %i best and %i latest of each trial keep %j',
  (experimentBest, trialBest, trialLatest, kept) => {
    const stays = keptCheckpoints(checkpoints, { experimentBest, trialBest, trialLatest }, true);
    expect([...stays].toSorted((a, b) => a - b)).toEqual(kept);
  },
);

test('where more is better the highest stay; what must stay does, and counts for nothing', () => {
  const none = { experimentBest: 0, trialBest: 1, trialLatest: 0 };
  expect([...keptCheckpoints(checkpoints, none, false)].toSorted((a, b) => a - b)).toEqual([3, 8]);
  const pinned = checkpoints.map((one) => ({ ...one, mustStay: one.id === 1 }));
  expect([...keptCheckpoints(pinned, { ...none, trialBest: 0 }, true)]).toEqual([1]);
});

test('a larger number never lets one go that a smaller one keeps', () => {
  const few = fc.integer({ min: 0, max: 4 });
  const one = fc.record({
    trialId: fc.integer({ min: 1, max: 3 }),
    metric: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
    savedAtMs: few,
    mustStay: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 20 }), few, few, few, fc.constantFrom(0, 1, 2), (some, a, b, c, which) => {
      const all = some.map((each, id) => ({ ...each, id }));
      const less = { experimentBest: a, trialBest: b, trialLatest: c };
      const more = {
        experimentBest: a + Number(which === 0),
        trialBest: b + Number(which === 1),
        trialLatest: c + Number(which === 2),
      };
      const kept = keptCheckpoints(all, more, true);
      for (const id of keptCheckpoints(all, less, true)) expect(kept.has(id)).toBe(true);
    }),
  );
});
