/**
 * How long will it take, going by runs of the same program? Runs with the very same parameters tell; runs with other
 * parameters tell only where they have shown that what differs does not matter much. Pure.
 */
import type { Params } from '../../text/split-command.ts';

/** A completed run: its parameters, and how long it worked in all its attempts, frozen time left out. */
export interface PastRun {
  readonly params: Params;
  readonly workedMs: number;
}

/** So many of the latest runs with the same parameters make the mean. */
const MEAN_OF = 5;
/** Runs with other parameters are believed when there are so many... */
const LEAST_RUNS = 2;
/** ...and the longest took at most this many times as long as the shortest. */
const MOST_SPREAD = 4;
/** A number that was tried in a range says something about numbers this many times beyond it. */
const BEYOND = 2;

/**
 * @param runs latest first
 * @returns expected length of a whole run, ms; null = nothing is known that could be believed
 */
export function expectFromRuns(runs: readonly PastRun[], params: Params): number | null {
  const same = runs.filter((run) => isSame(run.params, params)).slice(0, MEAN_OF);
  if (same.length > 0) return mean(same);
  if (runs.length < LEAST_RUNS) return null;
  const lengths = runs.map((run) => run.workedMs);
  if (Math.max(...lengths) > MOST_SPREAD * Math.min(...lengths)) return null;
  const names = new Set([...Object.keys(params), ...runs.flatMap((run) => Object.keys(run.params))]);
  for (const name of names) {
    const tried = runs.map((run) => run.params[name]);
    if (!isCovered(params[name], tried)) return null;
  }
  return mean(runs.slice(0, MEAN_OF));
}

/** Whether the values tried say something about this one: it is among them, or a number not far from a range that was tried. */
function isCovered(value: string | undefined, tried: readonly (string | undefined)[]): boolean {
  if (tried.includes(value)) return true;
  const number = numberOf(value);
  const numbers = [...new Set(tried.map(numberOf))];
  if (number === null || numbers.includes(null) || numbers.length < 2) return false;
  const sizes = numbers.map((each) => Math.abs(each as number));
  const size = Math.abs(number);
  return size >= Math.min(...sizes) / BEYOND && size <= Math.max(...sizes) * BEYOND;
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

function isSame(a: Params, b: Params): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function mean(runs: readonly PastRun[]): number {
  return runs.reduce((sum, run) => sum + run.workedMs, 0) / runs.length;
}
