/** Lines that are cut, changed and moved in without being looked at as a whole: the same as if they had been. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecast } from '../../../../electron/scheduler/forecast/forecast.ts';
import { changeQueued, firstOf, moveInLines, placeInLine } from '../../../../electron/scheduler/plan/lines.ts';
import type { Line, PlanInput, PlanTrial } from '../../../../electron/scheduler/plan/model.ts';
import { plan } from '../../../../electron/scheduler/plan/plan.ts';
import { compareInQueue, splitQueue } from '../../../../electron/scheduler/plan/read-input.ts';
import { input, pool, queued, slots } from './build.ts';
import { yards } from './world.ts';

const RUNS = { numRuns: 200, seed: 1 };
const ranked = (given: PlanInput): PlanInput => ({
  ...given,
  queued: given.queued.map((trial, index) => ({ ...trial, rank: index })),
});
/** As the engine keeps them: counted. */
const asLines = (given: PlanInput): PlanInput => {
  const lines = new Map<string, Line>();
  for (const [poolId, line] of splitQueue(given)) {
    const slotless = firstOf(line).filter(({ slots }) => slots === 0).length;
    lines.set(poolId, { length: line.length, at: (i) => line.at(i), slotless });
  }
  return { ...given, queued: [], lines };
};

/** Counts the trials that are looked at. */
function watched(line: Line): Line & { looks: number } {
  return {
    looks: 0,
    length: line.length,
    at(i) {
      this.looks += 1;
      return line.at(i);
    },
  };
}

test('a queue that comes in lines is planned and forecast like the same queue as a list', () => {
  fc.assert(
    fc.property(yards(), (given) => {
      const list = ranked(given);
      expect(plan(asLines(list))).toEqual(plan(list));
      expect(forecast(asLines(list), 1e9, 20)).toEqual(forecast(list, 1e9, 20));
    }),
    RUNS,
  );
});

test('trials that are changed as they are looked at are planned like those changed before', () => {
  const hold = (trial: PlanTrial): PlanTrial =>
    trial.submitOrder % 3 === 0 ? { ...trial, held: { code: 'runtime_down', text: 'down' } } : trial;
  fc.assert(
    fc.property(yards(), (given) => {
      const list = ranked(given);
      expect(plan(changeQueued(list, hold))).toEqual(plan({ ...list, queued: list.queued.map(hold) }));
      expect(plan(changeQueued(asLines(list), hold))).toEqual(plan({ ...list, queued: list.queued.map(hold) }));
    }),
    RUNS,
  );
});

test('a plan and a forecast where nothing can start look at the front of a long line only', () => {
  const trials = Array.from({ length: 5_000 }, (_, index) => queued(index + 1));
  const line = watched(trials);
  const given = {
    ...input({ pools: [pool({ maxCpuTrials: 0 })], slots: [] }),
    queued: [],
    lines: new Map([[pool().id, line]]),
  };
  expect(plan(given, 300).waiting.length).toBe(300);
  forecast(given, 1e9, 300);
  moveInLines(given, [{ trial: trials[4_000] as PlanTrial, to: { poolId: pool().id, priority: 42, rank: 0 } }], 300);
  expect(line.looks).toBeLessThan(3_000);
});

test.each([
  [{ slots: 1 }, { maxCpuTrials: 4 }],
  [{ slots: 0 }, { maxCpuTrials: 0 }],
])('where only the other kind could start nobody looks through a long line of %j', (change, settings) => {
  const trials = Array.from({ length: 5_000 }, (_, index) => queued(index + 1, change));
  const free = slots(change.slots === 0 ? 1 : 0);
  for (const policy of ['priority', 'fair_share'] as const)
    for (const backfill of ['reserve', 'greedy'] as const) {
      const line = { ...watched(trials), slotless: change.slots === 0 ? 5_000 : 0 };
      const pools = [pool({ ...settings, policy, backfill })];
      const given = { ...input({ pools, slots: free }), queued: [], lines: new Map([[pool().id, line]]) };
      expect(plan(given, 300).waiting.length).toBe(300);
      if (policy === 'priority' && backfill === 'reserve') expect(line.looks).toBeLessThan(1_500);
    }
});

test('trials far down are found where there is room for their kind', () => {
  const trials = Array.from({ length: 2_000 }, (_, index) =>
    queued(index + 1, { slots: index % 1_000 === 999 ? 0 : 1 }),
  );
  for (const backfill of ['reserve', 'greedy'] as const) {
    const list = input({ pools: [pool({ maxCpuTrials: 4, backfill })], slots: [], queued: trials });
    expect(plan(asLines(list)).start.map(({ id }) => id)).toEqual([1_000, 2_000]);
    expect(plan(list).start.map(({ id }) => id)).toEqual([1_000, 2_000]);
  }
});

test('a place is found by halves', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 0, max: 50 }), (ranks, rank) => {
      const line = ranks.toSorted((a, b) => a - b).map((each, id) => queued(id, { rank: each, submitOrder: 1 }));
      const expected = line.findIndex((trial) => Number(trial.rank) >= rank);
      expect(placeInLine(line, queued(99, { rank, submitOrder: 1 }))).toBe(expected < 0 ? line.length : expected);
    }),
    RUNS,
  );
});

test('lines with trials in new places begin as the whole lines sorted anew would', () => {
  const most = 6;
  const pools = ['p', 'q'];
  const trial = fc.record({ pool: fc.nat(1), priority: fc.constantFrom(1, 42) });
  const move = fc.record({ which: fc.nat(39), pool: fc.nat(1), priority: fc.constantFrom(1, 42), rank: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(trial, { maxLength: 40 }), fc.array(move, { maxLength: 8 }), (trials, moved) => {
      const all = trials.map(({ pool: at, priority }, index) =>
        queued(index, { poolId: pools[at] ?? '', priority, rank: index }),
      );
      const given = input({ queued: all, slots: slots(1) });
      const places = new Map(
        moved.map(({ which, pool: at, priority, rank }) => [which, { poolId: pools[at] ?? '', priority, rank }]),
      );
      const moves = [...places].flatMap(([id, to]) => {
        const found = all[id];
        return found === undefined ? [] : [{ trial: found, to }];
      });
      const hold = (each: PlanTrial): PlanTrial => ({ ...each, held: { code: 'held', text: String(each.id) } });
      const lines = moveInLines(changeQueued(given, hold), moves, most);
      for (const poolId of pools) {
        const whole = all
          .map((each) => hold({ ...each, ...places.get(Number(each.id)) }))
          .filter((each) => each.poolId === poolId)
          .toSorted(compareInQueue);
        const line = lines.get(poolId) ?? [];
        expect(firstOf(line, most)).toEqual(whole.slice(0, most));
        expect(line.length > most).toBe(whole.length > most);
      }
    }),
    { ...RUNS, numRuns: 500 },
  );
});
