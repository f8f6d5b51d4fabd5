/**
 * Asynchronous successive halving, in the form that only stops (Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020, as
 * Determined 0.38 carries it out): trials run until a rung's budget; who is not among the best 1/divisor of those seen there so far, stops.
 * Inside, a smaller metric is better. Pure.
 */

export interface RungEntry {
  readonly trial: string;
  /** Smaller is better. */
  readonly metric: number;
}
export interface Rung {
  /** Units of the time metric at which trials are compared. */
  readonly units: number;
  /** Sorted, best first. */
  readonly entries: readonly RungEntry[];
}
export interface Bracket {
  readonly divisor: number;
  readonly rungs: readonly Rung[];
  /** By trial, the rung it works for; the number of rungs once it has passed the last. */
  readonly trialRungs: Readonly<Record<string, number>>;
}

/** Budgets of the rungs, rising: the last has `maxTime`, each before it a `divisor`-th, at least 1. */
export const rungUnits = (numRungs: number, divisor: number, maxTime: number): number[] =>
  Array.from({ length: numRungs }, (_, i) => Math.max(Math.trunc(maxTime / divisor ** (numRungs - i - 1)), 1));

export const createBracket = (numRungs: number, divisor: number, maxTime: number): Bracket => ({
  divisor,
  rungs: rungUnits(numRungs, divisor, maxTime).map((units) => ({ units, entries: [] })),
  trialRungs: {},
});

export const addTrial = (bracket: Bracket, trial: string): Bracket => ({
  ...bracket,
  trialRungs: { ...bracket.trialRungs, [trial]: 0 },
});

/** @returns where the metric goes among the sorted ones: before the first that is not better */
export function insertMetric(entries: readonly RungEntry[], entry: RungEntry): { index: number; entries: RungEntry[] } {
  const found = entries.findIndex(({ metric }) => metric >= entry.metric);
  const index = found < 0 ? entries.length : found;
  return { index, entries: entries.toSpliced(index, 0, entry) };
}

export type Verdict = 'continue' | 'stopped' | 'finished';

/**
 * @param report `timeStep` units of the time metric done; `metric` smaller is better
 * @returns the bracket with the trial entered in every rung it has reached, and what becomes of it
 */
export function report(
  bracket: Bracket,
  { trial, timeStep, metric }: { readonly trial: string; readonly timeStep: number; readonly metric: number },
): { bracket: Bracket; verdict: Verdict } {
  let at = bracket.trialRungs[trial] ?? 0;
  const rungs = [...bracket.rungs];
  let verdict: Verdict = 'continue';
  while (verdict === 'continue' && at < rungs.length && timeStep >= (rungs[at] as Rung).units) {
    const rung = rungs[at] as Rung;
    const { index, entries } = insertMetric(rung.entries, { trial, metric });
    rungs[at] = { ...rung, entries };
    if (at === rungs.length - 1) verdict = 'finished';
    else if (index < Math.max(Math.trunc(entries.length / bracket.divisor), 1)) at += 1;
    else verdict = 'stopped';
  }
  return { bracket: { ...bracket, rungs, trialRungs: { ...bracket.trialRungs, [trial]: at } }, verdict };
}

/** A trial that failed counts as the worst in the rung it worked for, so that others are measured against it. */
export function reportFailure(bracket: Bracket, trial: string): Bracket {
  const at = bracket.trialRungs[trial] ?? 0;
  const rung = bracket.rungs[at];
  if (rung === undefined) return bracket;
  const { entries } = insertMetric(rung.entries, { trial, metric: Number.MAX_VALUE });
  return { ...bracket, rungs: bracket.rungs.with(at, { ...rung, entries }) };
}

/** What the user's report means: the time step, and the metric with its sign so that smaller is better. */
export function readReport(
  metrics: Readonly<Record<string, unknown>>,
  {
    metric,
    timeMetric,
    smallerIsBetter,
  }: { readonly metric: string; readonly timeMetric: string; readonly smallerIsBetter: boolean },
): { timeStep: number; value: number } {
  const value = metrics[metric];
  const timeStep = metrics[timeMetric];
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new Error(
      `error parsing searcher metric '${metric}': ${sayGot(value)}, among ${Object.keys(metrics).join(', ') || 'no metrics'}`,
    );
  if (typeof timeStep !== 'number' || !Number.isFinite(timeStep))
    throw new Error(
      `error parsing time metric '${timeMetric}': ${sayGot(timeStep)}, among ${Object.keys(metrics).join(', ')}`,
    );
  return { timeStep: Math.trunc(timeStep), value: smallerIsBetter ? value : -value };
}
const sayGot = (value: unknown): string =>
  value === undefined
    ? 'it was not reported'
    : `it is ${typeof value === 'number' ? 'NaN' : JSON.stringify(value)} and no number to compare`;

/** How many trials end at each rung when `trials` run: those whose place is not among the best go no further. */
export function worstCase(
  numRungs: number,
  divisor: number,
  maxTime: number,
  trials: number,
): { units: number; trials: number }[] {
  const units = rungUnits(numRungs, divisor, maxTime);
  let here = trials;
  return units.map((budget, i) => {
    const onward = i === units.length - 1 ? 0 : Math.min(here, Math.max(Math.trunc(here / divisor), 1));
    const ended = here - onward;
    here = onward;
    return { units: budget, trials: ended };
  });
}
