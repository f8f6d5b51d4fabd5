/** Experiments for whoever looks at them as wholes: how far they are, which of their trials is best, where a search stands. */
import type { Database } from 'better-sqlite3';
import type {
  ExperimentDetail,
  ExperimentList,
  ExperimentTrial,
  ExperimentView,
  RungView,
} from '../contract/experiments.ts';
import type { ExperimentKind } from '../contract/experiments.ts';
import type { TrialState } from '../contract/states.ts';
import type { Trial } from '../contract/trials.ts';
import { getExperiment, listExperiments, type ExperimentRow } from '../store/experiments.ts';
import { lastMetric, metricExtreme } from '../store/reports.ts';
import { getSearch, type SearchRow } from '../store/searches.ts';
import { listTrialsOf, summarizeTrialsOf, type TrialRow, type TrialSummary } from '../store/trials.ts';
import { chooseMainMetric, isLowerBetter } from '../text/main-metric.ts';
import { requireExperiment } from './act-on-experiment.ts';
import type { SearchState } from './searchers/search.ts';
import type { StoredSearcher } from './searchers/searcher-config.ts';

interface Goal {
  readonly name: string;
  readonly smallerIsBetter: boolean;
}

/** One experiment with what is read of it once. */
interface Known {
  readonly view: ExperimentView;
  readonly values: ReadonlyMap<number, number>;
  readonly search: SearchRow<StoredSearcher, SearchState> | null;
}

/** The latest first. @param before `next` of the page before; null = from the latest on; `ids`: these alone, null = all */
export function describeExperiments(
  db: Database,
  page: {
    readonly before: number | null;
    readonly kind: ExperimentKind | null;
    readonly limit: number;
    readonly ids: readonly number[] | null;
  },
): ExperimentList {
  if (page.ids !== null) {
    const named = page.ids.flatMap((id) => getExperiment(db, id) ?? []);
    return { experiments: named.map((row) => know(db, row).view), next: null };
  }
  const rows = listExperiments(db, { ...page, limit: page.limit + 1 });
  const shown = rows.slice(0, page.limit);
  return {
    experiments: shown.map((row) => know(db, row).view),
    next: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** @throws SwitchyardError not_found */
export function describeExperiment(db: Database, id: number, toTrial: (row: TrialRow) => Trial): ExperimentDetail {
  const row = requireExperiment(db, id);
  const { view, values, search } = know(db, row);
  const rows = listTrialsOf(db, id);
  const { metric } = view;
  const trials = rows.map((trial): ExperimentTrial => {
    const name = trial.spec.inSweep;
    return {
      trial: toTrial(trial),
      best: values.get(trial.id) ?? null,
      last: metric === null ? null : lastMetric(db, trial.id, metric.name),
      rung: name === undefined || search === null ? null : rungOf(search.state, name),
    };
  });
  return {
    experiment: view,
    trials: trials.toSorted((a, b) => compareValues(a.best, b.best, metric) || a.trial.id - b.trial.id),
    rungs: search === null ? [] : listRungs(search, rows),
    timeMetric: search !== null && 'timeMetric' in search.config ? search.config.timeMetric : null,
  };
}

function know(db: Database, row: ExperimentRow): Known {
  const rows = summarizeTrialsOf(db, row.id);
  const search = row.kind === 'search' ? getSearch<StoredSearcher, SearchState>(db, row.id) : null;
  const metric = goalOf(rows, search?.config ?? null);
  const values = new Map<number, number>();
  if (metric !== null)
    for (const trial of rows) {
      const value = bestOf(db, trial, metric);
      if (value !== null) values.set(trial.id, value);
    }
  const [best] = [...values].toSorted(([, a], [, b]) => compareValues(a, b, metric));
  const states: Partial<Record<TrialState, number>> = {};
  const outcomes = { completed: 0, failed: 0, canceled: 0 };
  for (const { state, outcome } of rows) {
    states[state] = (states[state] ?? 0) + 1;
    if (outcome !== null) outcomes[outcome] += 1;
  }
  const isOver = rows.every(({ state }) => state === 'done') && (search === null || search.phase !== 'active');
  return {
    values,
    search,
    view: {
      id: row.id,
      name: rows[0]?.name ?? row.name,
      kind: row.kind,
      searcher: search?.config.name ?? null,
      phase: search?.phase ?? null,
      metric,
      trials: rows.length,
      expectedTrials: Math.max(rows.length, search === null ? 0 : expected(search.state)),
      states: states as ExperimentView['states'],
      outcomes,
      best: best === undefined ? null : { trialId: best[0], value: best[1] },
      sourceDir: row.sourceDir,
      submittedAtMs: row.createdAtMs,
      endedAtMs: isOver ? rows.reduce((latest, { endedAtMs }) => Math.max(latest, endedAtMs ?? 0), 0) : null,
    },
  };
}

const expected = (state: SearchState): number => state.lanes.reduce((sum, { maxTrials }) => sum + maxTrials, 0);

function goalOf(rows: readonly TrialSummary[], config: StoredSearcher | null): Goal | null {
  if (config !== null) return { name: config.metric, smallerIsBetter: config.smallerIsBetter };
  const name = chooseMainMetric(rows.flatMap(({ metricName }) => metricName ?? []));
  return name === null ? null : { name, smallerIsBetter: isLowerBetter(name) };
}

function bestOf(db: Database, { id, metricName, metricBest }: TrialSummary, goal: Goal): number | null {
  // Its row has it where it is its main one too, with the same sense of better.
  if (metricName === goal.name && isLowerBetter(goal.name) === goal.smallerIsBetter) return metricBest;
  return metricExtreme(db, id, goal.name, goal.smallerIsBetter ? 'lowest' : 'highest');
}

/** Those without a value come last. */
function compareValues(a: number | null, b: number | null, goal: Goal | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return goal?.smallerIsBetter === false ? b - a : a - b;
}

function rungOf({ lanes, trials }: SearchState, name: string): number | null {
  const lane = lanes[trials[name]?.lane ?? -1];
  const bracket = lane?.bracket ?? null;
  if (bracket === null) return null;
  return Math.min(bracket.trialRungs[name] ?? 0, bracket.rungs.length - 1);
}

/** Metrics are kept so that smaller is better: here they are as they were reported. */
function listRungs({ config, state }: NonNullable<Known['search']>, rows: readonly TrialRow[]): RungView[] {
  const idOf = new Map(rows.map(({ id, spec }) => [spec.inSweep, id]));
  return state.lanes.flatMap(({ bracket }, lane) =>
    (bracket?.rungs ?? []).map(({ units, entries }, rung) => ({
      bracket: lane,
      rung,
      units,
      trials: entries.flatMap(({ trial, metric }) => {
        const trialId = idOf.get(trial);
        const value = metric === Number.MAX_VALUE ? null : config.smallerIsBetter ? metric : -metric;
        return trialId === undefined ? [] : [{ trialId, value }];
      }),
    })),
  );
}
