/** A search under any course of events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHyperparameter, sample, SpaceFault } from '../../../../electron/experiments/searchers/hyperparameters.ts';
import { seedRandom } from '../../../../electron/experiments/searchers/random-numbers.ts';
import { advanceSearch, startSearch } from '../../../../electron/experiments/searchers/search.ts';
import type { Search, SearchAction, SearchState, Step } from '../../../../electron/experiments/searchers/search.ts';
import { readSearcher } from '../../../../electron/experiments/searchers/searcher-config.ts';

const SPACE = readHyperparameter(
  {
    lr: { type: 'log', minval: -4, maxval: -1, base: 10, count: 3 },
    model: {
      layers: { type: 'int', minval: 1, maxval: 4, count: 4 },
      act: { type: 'categorical', vals: ['relu', 'gelu'] },
    },
    seed: 7,
  },
  '',
);
const HALVING = { metric: 'acc', smaller_is_better: false, time_metric: 'step', max_time: 64, divisor: 4 };
const searchers = fc.oneof(
  fc.record({
    name: fc.constant('random'),
    metric: fc.constant('acc'),
    max_trials: fc.integer({ min: 1, max: 20 }),
    max_concurrent_trials: fc.integer({ min: 0, max: 5 }),
  }),
  fc.record({
    name: fc.constant('grid'),
    metric: fc.constant('acc'),
    max_concurrent_trials: fc.integer({ min: 0, max: 5 }),
  }),
  fc
    .record({
      max_trials: fc.integer({ min: 1, max: 20 }),
      max_concurrent_trials: fc.integer({ min: 0, max: 5 }),
      num_rungs: fc.integer({ min: 1, max: 4 }),
    })
    .map((given) => ({ name: 'async_halving', ...HALVING, ...given })),
  fc
    .record({
      max_trials: fc.integer({ min: 1, max: 20 }),
      max_concurrent_trials: fc.integer({ min: 0, max: 5 }),
      mode: fc.constantFrom('aggressive', 'standard', 'conservative'),
    })
    .map((given) => ({ name: 'adaptive_asha', ...HALVING, ...given })),
);
/** Which running trial something happens to, and what. */
const courses = fc.array(
  fc.tuple(
    fc.nat(),
    fc.constantFrom('report', 'report', 'report', 'completed', 'failed', 'invalid'),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
  { minLength: 1, maxLength: 200 },
);

interface Course {
  readonly actions: readonly SearchAction[];
  readonly state: SearchState;
  readonly most: number;
}
/** Plays a course; `store` is what a crash does to the state. */
function play(
  search: Search,
  course: readonly (readonly [number, string, number])[],
  store: (state: SearchState) => SearchState,
): Course {
  const running = new Map<string, number>();
  const actions: SearchAction[] = [];
  let state: SearchState;
  let most = 0;
  const take = (step: Step): void => {
    state = store(step.state);
    actions.push(...step.actions);
    for (const action of step.actions) if (action.kind === 'create') running.set(action.trial, 0);
    const told = new Set(actions.flatMap((action) => (action.kind === 'stop' ? [action.trial] : [])));
    most = Math.max(most, [...running.keys()].filter((trial) => !told.has(trial)).length);
  };
  take(startSearch(search, 42));
  for (const [which, what, value] of course) {
    const trial = [...running.keys()][which % Math.max(running.size, 1)];
    if (trial === undefined) break;
    if (what === 'report') {
      const step = (running.get(trial) as number) + 4;
      running.set(trial, step);
      take(advanceSearch(search, state!, { kind: 'report', trial, metrics: { acc: value, step } }));
    } else {
      running.delete(trial);
      take(advanceSearch(search, state!, { kind: 'ended', trial, how: what as 'completed' }));
    }
  }
  for (let trial = [...running.keys()][0]; trial !== undefined; trial = [...running.keys()][0]) {
    running.delete(trial);
    take(advanceSearch(search, state!, { kind: 'ended', trial, how: 'completed' }));
  }
  return { actions, state: state!, most };
}

it('ends where all hyperparameters turn out impossible: each try may be a machine that is paid for', () => {
  const search: Search = {
    config: readSearcher({ name: 'random', metric: 'acc', max_trials: 3, max_concurrent_trials: 2 }),
    space: SPACE,
  };
  let step = startSearch(search, 42);
  const running = step.actions.flatMap((action) => (action.kind === 'create' ? [action.trial] : []));
  let ended = 0;
  for (let trial = running.shift(); trial !== undefined && ended < 1000; trial = running.shift()) {
    ended += 1;
    step = advanceSearch(search, step.state, { kind: 'ended', trial, how: 'invalid' });
    running.push(...step.actions.flatMap((action) => (action.kind === 'create' ? [action.trial] : [])));
  }
  expect(ended).toBe(3 + 10 * 3);
  expect(step.actions).toContainEqual({ kind: 'over', failed: false });
});

it('makes as many trials as asked, never more at once, ends once, and is the same after a crash at any moment', () => {
  fc.assert(
    fc.property(searchers, courses, (config, course) => {
      const search: Search = { config: readSearcher(config), space: SPACE };
      const { actions, state, most } = play(search, course, (kept) => kept);
      const created = actions.filter(({ kind }) => kind === 'create').length;
      const invalid = state.lanes.reduce((sum, lane) => sum + Math.min(lane.invalid, 10 * lane.maxTrials), 0);
      const wanted = state.lanes.reduce((sum, lane) => sum + lane.maxTrials, 0);
      expect(created).toBe(config.name === 'grid' ? 24 : wanted + invalid);
      expect(most).toBeLessThanOrEqual(state.lanes.reduce((sum, lane) => sum + lane.maxConcurrent, 0));
      expect(actions.filter(({ kind }) => kind === 'over')).toHaveLength(1);
      expect(actions.at(-1)?.kind).toBe('over');
      const crashed = play(search, course, (kept) => JSON.parse(JSON.stringify(kept)) as SearchState);
      expect(crashed.actions).toEqual(actions);
    }),
    { numRuns: 60 },
  );
});

it('stops the worse half and says where it stood', () => {
  const search: Search = {
    config: readSearcher({
      name: 'async_halving',
      ...HALVING,
      divisor: 2,
      max_trials: 4,
      max_concurrent_trials: 4,
      num_rungs: 2,
      max_time: 8,
    }),
    space: SPACE,
  };
  let { state } = startSearch(search, 1);
  const stops: SearchAction[] = [];
  for (const [trial, acc] of [
    ['t1', 0.5],
    ['t2', 0.4],
    ['t3', 0.9],
    ['t4', 0.1],
  ] as const) {
    const step = advanceSearch(search, state, { kind: 'report', trial, metrics: { acc, step: 4 } });
    ({ state } = step);
    stops.push(...step.actions);
  }
  expect(stops).toEqual([
    { kind: 'stop', trial: 't2', why: 'halved', rung: 0, place: 2, of: 2 },
    { kind: 'stop', trial: 't4', why: 'halved', rung: 0, place: 4, of: 4 },
  ]);
  expect(advanceSearch(search, state, { kind: 'report', trial: 't3', metrics: { acc: 0.9, step: 8 } }).actions).toEqual(
    [{ kind: 'stop', trial: 't3', why: 'finished', rung: 1, place: 1, of: 1 }],
  );
});

it('replaces a trial when it is told to stop, and not again when it ends', () => {
  const search: Search = {
    config: readSearcher({ name: 'async_halving', ...HALVING, max_trials: 6, max_concurrent_trials: 2, num_rungs: 2 }),
    space: SPACE,
  };
  let { state } = startSearch(search, 1);
  const told = (event: Parameters<typeof advanceSearch>[2]): string[] => {
    const step = advanceSearch(search, state, event);
    ({ state } = step);
    return step.actions.map((action) => (action.kind === 'over' ? 'over' : `${action.kind} ${action.trial}`));
  };
  expect(told({ kind: 'report', trial: 't1', metrics: { acc: 0.9, step: 16 } })).toEqual([]);
  expect(told({ kind: 'report', trial: 't2', metrics: { acc: 0.1, step: 16 } })).toEqual(['stop t2', 'create t3']);
  expect(told({ kind: 'report', trial: 't2', metrics: { acc: 0.1, step: 20 } })).toEqual([]);
  expect(told({ kind: 'ended', trial: 't2', how: 'completed' })).toEqual([]);
  expect(told({ kind: 'ended', trial: 't1', how: 'failed' })).toEqual(['create t4']);
});

it('says which metric is missing or no number', () => {
  const search: Search = {
    config: readSearcher({ name: 'async_halving', ...HALVING, max_trials: 2, num_rungs: 2 }),
    space: SPACE,
  };
  const { state } = startSearch(search, 1);
  const report = (metrics: Record<string, unknown>): Step =>
    advanceSearch(search, state, { kind: 'report', trial: 't1', metrics });
  expect(() => report({ step: 16 })).toThrow(/metric 'acc': it was not reported, among step/);
  expect(() => report({ acc: Number.NaN, step: 16 })).toThrow(/no number to compare/);
  expect(() => report({ acc: 1 })).toThrow(/time metric 'step'/);
});

describe('spaces', () => {
  it('draw within their bounds, the same for the same seed, whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [point, next] = sample(SPACE, seedRandom(seed));
        const {
          lr,
          model,
          seed: constant,
        } = point as { lr: number; model: { layers: number; act: string }; seed: number };
        expect(lr).toBeGreaterThanOrEqual(1e-4);
        expect(lr).toBeLessThanOrEqual(0.1);
        expect([1, 2, 3, 4]).toContain(model.layers);
        expect(['relu', 'gelu']).toContain(model.act);
        expect(constant).toBe(7);
        expect(sample(SPACE, next)[0]).not.toEqual(point);
        const turned = readHyperparameter(
          {
            seed: 7,
            model: {
              act: { type: 'categorical', vals: ['relu', 'gelu'] },
              layers: { type: 'int', minval: 1, maxval: 4 },
            },
            lr: { type: 'log', minval: -4, maxval: -1, base: 10 },
          },
          '',
        );
        expect(sample(turned, seedRandom(seed))[0]).toEqual(point);
      }),
    );
  });
  it.each<[unknown, RegExp]>([
    [{ a: { type: 'intt', minval: 0, maxval: 1 } }, /^a: there is no type 'intt'; did you mean int\?/],
    [
      { a: { b: { type: 'int', minval: 0, maxvl: 1 } } },
      /^a\.b: 'maxvl' is not known for int; did you mean 'maxval'\?/,
    ],
    [{ a: { type: 'double', minval: 1, maxval: 1 } }, /minval must be below maxval/],
    [{ a: { type: 'int', minval: 0.5, maxval: 1 } }, /must be integers/],
    [{ a: { type: 'log', minval: 0, maxval: 1, base: 0 } }, /'base' must be above 0/],
    [{ a: { type: 'categorical', vals: [] } }, /at least one value/],
    [{ a: { type: 'const' } }, /'val' is missing/],
    [{ a: { type: 'int', minval: 0, maxval: 2, count: 0 } }, /'count' must be an integer, at least 1/],
  ])('%j is refused', (space, message) => {
    expect(() => readHyperparameter(space, '')).toThrow(message);
    expect(() => readHyperparameter(space, '')).toThrow(SpaceFault);
  });
  it.each<[unknown, RegExp]>([
    [{ name: 'adaptive_ahsa', metric: 'x' }, /searcher.name: .*did you mean 'adaptive_asha'\?/],
    [
      { name: 'random', metric: 'x', max_trails: 3 },
      /searcher.max_trails: not known for random; did you mean 'max_trials'\?/,
    ],
    [{ name: 'random', metric: 'x' }, /searcher.max_trials: it is missing/],
    [{ name: 'adaptive_asha', metric: 'x', max_trials: 3, max_time: 4 }, /searcher.time_metric/],
    [{ name: 'async_halving', ...HALVING, max_trials: 2, num_rungs: 1, divisor: 1 }, /searcher.divisor/],
    [{ name: 'single' }, /searcher.metric/],
    ['grid', /must be a mapping/],
  ])('the searcher %j is refused', (searcher, message) => {
    expect(() => readSearcher(searcher)).toThrow(message);
  });
  it('a grid names where count is missing, a single trial where there is a range', () => {
    const open = readHyperparameter({ a: { b: { type: 'double', minval: 0, maxval: 1 } } }, '');
    expect(() => startSearch({ config: readSearcher({ name: 'grid', metric: 'x' }), space: open }, 1)).toThrow(
      /^a\.b: a grid needs 'count'/,
    );
    expect(() => startSearch({ config: readSearcher({ name: 'single', metric: 'x' }), space: open }, 1)).toThrow(
      /^a\.b: a single trial needs one value/,
    );
  });
});
