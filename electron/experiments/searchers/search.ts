/**
 * A search as a state that events change: which trials are made, which are stopped, when it is over. The state is plain JSON and holds all
 * that decides, random numbers too: stored after each event, a search goes on after a crash as if there had been none. Pure.
 *
 * Two rules go beyond Determined's: a trial that ends by itself before its last rung is entered where it stands and replaced, and what a
 * stopped trial frees is used at once.
 */
import { bracketConcurrency, bracketRungs, bracketTrials } from './adaptive-asha.ts';
import { addTrial, createBracket, readReport, report, reportFailure } from './asha.ts';
import type { Bracket } from './asha.ts';
import { gridAxes, gridPoint, gridSize } from './grid.ts';
import { sample, SpaceFault } from './hyperparameters.ts';
import type { Hyperparameter } from './hyperparameters.ts';
import { seedRandom } from './random-numbers.ts';
import type { RandomState } from './random-numbers.ts';
import type { SearcherConfig } from './searcher-config.ts';

/** A program that calls everything impossible must come to an end, above all where each try rents a machine: so many for each trial asked for. */
const MOST_REDRAWN = 10;

/** Part of a search that makes trials of its own: a bracket of halving, or all of it. */
interface Lane {
  readonly maxTrials: number;
  readonly maxConcurrent: number;
  readonly created: number;
  /** Trials whose hyperparameters turned out impossible: they do not count, up to MOST_REDRAWN. */
  readonly invalid: number;
  /** Null where nobody is stopped early. */
  readonly bracket: Bracket | null;
}
interface SearchTrial {
  readonly lane: number;
  /** running; stopping: told to end and replaced; ended. */
  readonly phase: 'running' | 'stopping' | 'ended';
}
export interface SearchState {
  readonly lanes: readonly Lane[];
  readonly trials: Readonly<Record<string, SearchTrial>>;
  readonly random: RandomState;
  readonly failed: number;
}

export type SearchEvent =
  | { readonly kind: 'report'; readonly trial: string; readonly metrics: Readonly<Record<string, unknown>> }
  | { readonly kind: 'ended'; readonly trial: string; readonly how: 'completed' | 'failed' | 'invalid' | 'canceled' };

export type SearchAction =
  | { readonly kind: 'create'; readonly trial: string; readonly hyperparameters: Readonly<Record<string, unknown>> }
  /** `rung` counts from 0; `place` from 1, among `of` trials seen there so far. */
  | {
      readonly kind: 'stop';
      readonly trial: string;
      readonly why: 'halved' | 'finished';
      readonly rung: number;
      readonly place: number;
      readonly of: number;
    }
  /** No trial is left and none will come. */
  | { readonly kind: 'over'; readonly failed: boolean };

export interface Search {
  readonly config: SearcherConfig;
  readonly space: Hyperparameter;
}
export interface Step {
  readonly state: SearchState;
  readonly actions: readonly SearchAction[];
}

const lane = (maxTrials: number, maxConcurrent: number, bracket: Bracket | null): Lane => ({
  maxTrials,
  maxConcurrent: maxConcurrent === 0 ? maxTrials : maxConcurrent,
  created: 0,
  invalid: 0,
  bracket,
});

function lanesOf({ config, space }: Search): Lane[] {
  switch (config.name) {
    case 'single':
      return [lane(1, 1, null)];
    case 'random':
      return [lane(config.maxTrials, config.maxConcurrentTrials, null)];
    case 'grid':
      return [lane(gridSize(gridAxes(space, [])), config.maxConcurrentTrials, null)];
    case 'async_halving':
      return [
        lane(
          config.maxTrials,
          config.maxConcurrentTrials,
          createBracket(config.numRungs, config.divisor, config.maxTime),
        ),
      ];
    case 'adaptive_asha': {
      const rungs = bracketRungs(config);
      const trials = bracketTrials(config.maxTrials, config.divisor, rungs);
      const concurrency = bracketConcurrency(config.maxConcurrentTrials, config.divisor, trials);
      return rungs.map((count, i) =>
        lane(trials[i] as number, concurrency[i] as number, createBracket(count, config.divisor, config.maxTime)),
      );
    }
  }
}

/**
 * @param seed decides all random numbers of the search
 * @returns the first state, and the trials to begin with
 * @throws SpaceFault where the space does not fit the searcher
 */
export function startSearch(search: Search, seed: number): Step {
  if (search.config.name === 'single') refuseRanges(search.space, []);
  let step: Step = { state: { lanes: lanesOf(search), trials: {}, random: seedRandom(seed), failed: 0 }, actions: [] };
  for (const [index, { maxTrials, maxConcurrent }] of step.state.lanes.entries())
    for (let i = 0; i < Math.min(maxTrials, maxConcurrent); i += 1) step = create(search, step, index);
  return step;
}

function refuseRanges(space: Hyperparameter, route: readonly string[]): void {
  if (space.type === 'map') for (const [key, entry] of space.entries) refuseRanges(entry, [...route, key]);
  else if (space.type !== 'const')
    throw new SpaceFault(
      `${route.join('.')}: a single trial needs one value, not a ${space.type}; or choose another searcher`,
    );
}

/** Makes a trial in a lane, where the lane has one left. */
function create(search: Search, { state, actions }: Step, index: number): Step {
  const at = state.lanes[index] as Lane;
  // A point of a grid is lost with its trial; others are drawn anew.
  const lost = search.config.name === 'grid' ? 0 : Math.min(at.invalid, MOST_REDRAWN * at.maxTrials);
  if (at.created - lost >= at.maxTrials) return { state, actions };
  const trial = `t${Object.keys(state.trials).length + 1}`;
  const [point, random] =
    search.config.name === 'grid'
      ? // From the end of the list, as Determined takes them.
        [gridPoint(gridAxes(search.space, []), at.maxTrials - 1 - at.created), state.random]
      : sample(search.space, state.random);
  const bracket = at.bracket === null ? null : addTrial(at.bracket, trial);
  return {
    state: {
      ...state,
      random,
      lanes: state.lanes.with(index, { ...at, created: at.created + 1, bracket }),
      trials: { ...state.trials, [trial]: { lane: index, phase: 'running' } },
    },
    actions: [...actions, { kind: 'create', trial, hyperparameters: point as Record<string, unknown> }],
  };
}

/**
 * A search that is over, or not yet, is to try more: it goes on with the same random numbers and the same rungs. A grid has no more points.
 * @param more how many trials, at least 1
 */
export function extendSearch(search: Search, state: SearchState, more: number): Step {
  const shares = sharesOf(search, state, more);
  const isFree = 'maxConcurrentTrials' in search.config && search.config.maxConcurrentTrials === 0;
  let step: Step = {
    state: {
      ...state,
      lanes: state.lanes.map((at, index) => {
        const maxTrials = at.maxTrials + (shares[index] ?? 0);
        return { ...at, maxTrials, maxConcurrent: isFree ? Math.max(at.maxConcurrent, maxTrials) : at.maxConcurrent };
      }),
    },
    actions: [],
  };
  for (const [index, { maxConcurrent }] of step.state.lanes.entries()) {
    const running = Object.values(state.trials).filter(({ lane: of, phase }) => of === index && phase === 'running');
    const free = Math.min(maxConcurrent - running.length, shares[index] ?? 0);
    for (let i = 0; i < free; i += 1) step = create(search, step, index);
  }
  return step;
}

/** More trials go to the brackets as the first ones did, at most as many as there are. */
function sharesOf({ config }: Search, { lanes }: SearchState, more: number): number[] {
  if (config.name !== 'adaptive_asha') return lanes.map((_, index) => (index === 0 ? more : 0));
  let left = more;
  return bracketTrials(more, config.divisor, bracketRungs(config)).map((share) => {
    const taken = Math.min(share, left);
    left -= taken;
    return taken;
  });
}

/**
 * @param event of a trial that this search made; one that has ended already changes nothing
 * @throws Error for a report without the metrics the searcher needs
 */
export function advanceSearch(search: Search, state: SearchState, event: SearchEvent): Step {
  const trial = state.trials[event.trial];
  if (trial === undefined || trial.phase === 'ended') return { state, actions: [] };
  return event.kind === 'report' ? onReport(search, state, trial, event) : onEnd(search, state, trial, event);
}

function onReport(
  search: Search,
  state: SearchState,
  trial: SearchTrial,
  event: Extract<SearchEvent, { kind: 'report' }>,
): Step {
  const at = state.lanes[trial.lane] as Lane;
  if (at.bracket === null || trial.phase === 'stopping' || !('timeMetric' in search.config))
    return { state, actions: [] };
  const { timeStep, value } = readReport(event.metrics, search.config);
  const { bracket, verdict } = report(at.bracket, { trial: event.trial, timeStep, metric: value });
  const next: SearchState = { ...state, lanes: state.lanes.with(trial.lane, { ...at, bracket }) };
  if (verdict === 'continue') return { state: next, actions: [] };
  const rung = bracket.trialRungs[event.trial] as number;
  const entries = bracket.rungs[rung]?.entries ?? [];
  const stop: SearchAction = {
    kind: 'stop',
    trial: event.trial,
    why: verdict === 'stopped' ? 'halved' : 'finished',
    rung,
    place: entries.findIndex((entry) => entry.trial === event.trial) + 1,
    of: entries.length,
  };
  const stopping = { ...next, trials: { ...next.trials, [event.trial]: { ...trial, phase: 'stopping' as const } } };
  return create(search, { state: stopping, actions: [stop] }, trial.lane);
}

function onEnd(
  search: Search,
  state: SearchState,
  trial: SearchTrial,
  event: Extract<SearchEvent, { kind: 'ended' }>,
): Step {
  const at = state.lanes[trial.lane] as Lane;
  const bracket =
    at.bracket !== null && event.how === 'failed' && trial.phase === 'running'
      ? reportFailure(at.bracket, event.trial)
      : at.bracket;
  const ended: SearchState = {
    ...state,
    failed: state.failed + (event.how === 'failed' ? 1 : 0),
    lanes: state.lanes.with(trial.lane, {
      ...at,
      bracket, // One that was told to stop had run: its hyperparameters were possible.
      invalid: at.invalid + (event.how === 'invalid' && trial.phase === 'running' ? 1 : 0),
    }),
    trials: { ...state.trials, [event.trial]: { ...trial, phase: 'ended' } },
  };
  // A trial that was told to stop was replaced then.
  const step =
    trial.phase === 'stopping'
      ? { state: ended, actions: [] }
      : create(search, { state: ended, actions: [] }, trial.lane);
  const { trials, failed } = step.state;
  if (Object.values(trials).some(({ phase }) => phase !== 'ended')) return step;
  return { ...step, actions: [...step.actions, { kind: 'over', failed: failed >= Object.keys(trials).length }] };
}
