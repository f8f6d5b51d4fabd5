/**
 * Reads one `{kind, input}` of the searcher cases (see test/unit/experiments/searchers/determined-cases.test.ts) from standard input and
 * prints what came of it, as JSON with the keys that the cases' `expect` uses.
 */
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { bracketConcurrency, bracketTrials } from '../../electron/experiments/searchers/adaptive-asha.ts';
import { insertMetric, readReport, report, rungUnits } from '../../electron/experiments/searchers/asha.ts';
import type { RungEntry } from '../../electron/experiments/searchers/asha.ts';
import { gridAxes, gridPoint, gridSize } from '../../electron/experiments/searchers/grid.ts';
import { readHyperparameter } from '../../electron/experiments/searchers/hyperparameters.ts';
import { previewSearch } from '../../electron/experiments/searchers/preview.ts';
import { advanceSearch, startSearch } from '../../electron/experiments/searchers/search.ts';
import type { Search, SearchEvent, SearchState, Step } from '../../electron/experiments/searchers/search.ts';
import { readSearcher } from '../../electron/experiments/searchers/searcher-config.ts';

/** Every field that some kind has; which ones are there, the kind says. */
interface Input {
  readonly searcher: string;
  readonly numRungs: number;
  readonly divisor: number;
  readonly maxTime: number;
  readonly maxTrials: number;
  readonly maxConcurrentTrials: number;
  readonly bracketRungs: readonly number[];
  readonly bracketMaxTrials: readonly number[];
  readonly existingSorted: readonly number[];
  readonly rungs: readonly number[];
  readonly rung0: readonly RungEntry[];
  readonly trialRung: Readonly<Record<string, number>>;
  readonly report: { readonly trial: string; readonly timeStep: number; readonly metric: number };
  readonly metrics: Readonly<Record<string, unknown>>;
  /** A value where one is inserted, else a name. */
  readonly metric: unknown;
  readonly timeMetric: string;
  readonly smallerIsBetter: boolean;
  readonly hyperparameters: unknown;
  readonly hyperparameter: unknown;
  readonly axes: readonly unknown[] | undefined;
  readonly axis: unknown;
}

const searchOf = (input: Input): Search => {
  const config: Record<string, unknown> = { name: input.searcher, metric: 'loss' };
  const names: Record<string, string> = {
    mode: 'mode',
    maxRungs: 'max_rungs',
    numRungs: 'num_rungs',
    divisor: 'divisor',
    maxTime: 'max_time',
    maxTrials: 'max_trials',
    maxConcurrentTrials: 'max_concurrent_trials',
    smallerIsBetter: 'smaller_is_better',
  };
  for (const [key, name] of Object.entries(names)) if (key in input) config[name] = input[key as keyof Input];
  if ('maxTime' in input) config['time_metric'] = 'batches';
  return { config: readSearcher(config), space: readHyperparameter(input.hyperparameters ?? {}, '') };
};

/** Trials run one after another as they were made; each reports by `reportsOf` until it is stopped. */
function drive(
  search: Search,
  reportsOf: (trial: string) => Iterable<Record<string, number>>,
): { trials: string[]; stops: Map<string, number>; points: unknown[]; state: SearchState } {
  const first = startSearch(search, 1);
  let { state } = first;
  const waiting: string[] = [];
  const trials: string[] = [];
  const points: unknown[] = [];
  const stopped = new Set<string>();
  const stops = new Map<string, number>();
  const take = ({ state: next, actions }: Step): void => {
    state = next;
    for (const action of actions) {
      if (action.kind === 'create') {
        waiting.push(action.trial);
        trials.push(action.trial);
        points.push(action.hyperparameters);
      } else if (action.kind === 'stop') stopped.add(action.trial);
    }
  };
  take(first);
  for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
    for (const metrics of reportsOf(trial)) {
      take(advanceSearch(search, state, { kind: 'report', trial, metrics }));
      if (stopped.has(trial)) {
        stops.set(trial, metrics['batches'] as number);
        break;
      }
    }
    take(advanceSearch(search, state, { kind: 'ended', trial, how: 'completed' }));
  }
  return { trials, stops, points, state };
}

function simulateRun(input: Input): unknown {
  const search = searchOf(input);
  let metric = 0;
  const maxTime = input.maxTime;
  const { trials, stops } = drive(search, function* () {
    for (let batches = 0; batches <= maxTime; batches += 100) {
      metric += 1;
      yield { loss: metric, batches };
    }
  });
  const stoppedAt: Record<string, number> = {};
  for (const at of stops.values()) stoppedAt[at] = (stoppedAt[at] ?? 0) + 1;
  return { trials: trials.length, stoppedAt, rungs: rungUnits(input.numRungs, input.divisor, maxTime) };
}

function validation(input: Input): unknown {
  const { rungs, rung0, divisor, trialRung, report: given } = input;
  const bracket = {
    divisor,
    trialRungs: trialRung,
    rungs: rungs.map((units, i) => ({ units, entries: i === 0 ? rung0 : [] })),
  };
  const { bracket: next, verdict } = report(bracket, given);
  return {
    actions: verdict === 'continue' ? [] : [`stop ${given.trial}`],
    trialRung: next.trialRungs[given.trial],
    rung0: next.rungs[0]?.entries,
  };
}

/** What becomes of a search whose first trial ends so. */
function afterEnd(
  name: string,
  how: Extract<SearchEvent, { kind: 'ended' }>['how'],
): { created: number; state: SearchState } {
  const search: Search = {
    config: readSearcher(
      name === 'grid'
        ? { name, metric: 'loss', max_concurrent_trials: 3 }
        : {
            name,
            metric: 'loss',
            max_concurrent_trials: 1,
            max_trials: 3,
            num_rungs: 2,
            divisor: 2,
            time_metric: 'batches',
            max_time: 10,
          },
    ),
    space: readHyperparameter({ a: { type: 'int', minval: 0, maxval: 2, count: 3 } }, ''),
  };
  const { state } = startSearch(search, 1);
  const step = advanceSearch(search, state, { kind: 'ended', trial: 't1', how });
  return { created: step.actions.filter(({ kind }) => kind === 'create').length, state: step.state };
}

const DISPATCH: Readonly<Record<string, (input: Input) => unknown>> = {
  'asha.rungs': (input) => ({ unitsNeeded: rungUnits(input.numRungs, input.divisor, input.maxTime) }),
  'asha.bracketMaxTrials': (input) => ({
    maxTrialsPerBracket: bracketTrials(input.maxTrials, input.divisor, input.bracketRungs),
  }),
  'asha.bracketMaxConcurrent': (input) => ({
    maxConcurrentPerBracket: bracketConcurrency(input.maxConcurrentTrials, input.divisor, input.bracketMaxTrials),
  }),
  'asha.insertMetric': (input) => {
    const existing = input.existingSorted.map((metric, i) => ({ trial: String(i), metric }));
    const { index, entries } = insertMetric(existing, { trial: 'new', metric: input.metric as number });
    return { index, sorted: entries.map(({ metric }) => metric) };
  },
  'asha.getMetric': (input) => {
    try {
      return readReport(input.metrics, {
        metric: input.metric as string,
        timeMetric: input.timeMetric,
        smallerIsBetter: input.smallerIsBetter,
      });
    } catch (error) {
      return { errorContains: /^[^']*metric/.exec((error as Error).message)?.[0] };
    }
  },
  'asha.validation': validation,
  'asha.simulateRun': simulateRun,
  preview: (input) => {
    const { trials, plan } = previewSearch(searchOf(input));
    return plan === null ? { trials, units: 'max' } : { trials, plan };
  },
  'grid.points': (input) => {
    const axes = gridAxes(readHyperparameter(input.hyperparameters, ''), []);
    return { count: gridSize(axes), points: Array.from({ length: gridSize(axes) }, (_, i) => gridPoint(axes, i)) };
  },
  'grid.axis': (input) => {
    if (input.axes !== undefined)
      return {
        sizes: (input.axes ?? []).map((axis) => gridAxes(readHyperparameter(axis, 'x'), ['x'])[0]?.length),
      };
    const axes = gridAxes(readHyperparameter(input.axis ?? input.hyperparameter, 'x'), ['x']);
    return input.axis === undefined ? { axes } : { values: axes[0]?.map(({ value }) => value) };
  },
  'grid.run': (input) => {
    const { trials, stops, points } = drive(searchOf({ ...input, searcher: 'grid' }), () => []);
    const values = points.map((point) => (point as { a: number }).a);
    return { trials: trials.length, valuesSorted: values.toSorted((a, b) => a - b), stopped: stops.size };
  },
  // Two rules are given in words: each is tried, and said only where it holds.
  invalidHP: () => ({
    rule: afterEnd('grid', 'invalid').created === 0 ? 'no replacement; the grid point is just lost' : 'replaced',
  }),
  errored: () => {
    const { created, state } = afterEnd('async_halving', 'failed');
    const worst = state.lanes[0]?.bracket?.rungs[0]?.entries[0]?.metric === Number.MAX_VALUE;
    return {
      rule:
        worst && created === 1
          ? 'metric +Infinity-like (max float) is inserted in its current rung; a new trial is created while below max_trials'
          : 'otherwise',
    };
  },
};

/** @throws Error for a kind that is not known */
export function runSearchCase({ kind, input }: { readonly kind: string; readonly input: unknown }): unknown {
  const run = DISPATCH[kind];
  if (run === undefined) throw new Error(`There is no kind "${kind}"; there are ${Object.keys(DISPATCH).join(', ')}.`);
  return run(input as Input);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(
    `${JSON.stringify(runSearchCase(JSON.parse(await text(process.stdin)) as { kind: string; input: unknown }))}\n`,
  );
