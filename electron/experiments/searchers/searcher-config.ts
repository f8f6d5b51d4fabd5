/** What stands under `searcher`, with Determined's names and defaults. Pure. */
import { suggest } from '../../text/nearest.ts';
import type { Mode } from './adaptive-asha.ts';
import { SpaceFault } from './hyperparameters.ts';

interface Common {
  /** Name of the metric that decides. */
  readonly metric: string;
  readonly smallerIsBetter: boolean;
}
interface Many extends Common {
  readonly maxTrials: number;
  /** 0: no limit. */
  readonly maxConcurrentTrials: number;
}
interface Halving extends Many {
  readonly divisor: number;
  /** Name of the metric in which time is counted, and how much of it the longest trial gets. */
  readonly timeMetric: string;
  readonly maxTime: number;
}
export type SearcherConfig =
  | ({ readonly name: 'single' } & Common)
  | ({ readonly name: 'random' } & Many)
  | ({ readonly name: 'grid'; readonly maxConcurrentTrials: number } & Common)
  | ({ readonly name: 'async_halving'; readonly numRungs: number } & Halving)
  | ({
      readonly name: 'adaptive_asha';
      readonly mode: Mode;
      readonly maxRungs: number;
      readonly bracketRungs: readonly number[];
    } & Halving);

/** As it is kept with its experiment. */
export type StoredSearcher = SearcherConfig & {
  /** What is searched: hyperparameters as they were configured, ranges and values. */
  readonly space: Readonly<Record<string, unknown>>;
};

const COMMON = ['name', 'metric', 'smaller_is_better'];
const HALVING = [...COMMON, 'max_trials', 'max_concurrent_trials', 'divisor', 'time_metric', 'max_time'];
const KEYS: Readonly<Record<SearcherConfig['name'], readonly string[]>> = {
  single: COMMON,
  random: [...COMMON, 'max_trials', 'max_concurrent_trials'],
  grid: [...COMMON, 'max_concurrent_trials'],
  async_halving: [...HALVING, 'num_rungs'],
  adaptive_asha: [...HALVING, 'mode', 'max_rungs', 'bracket_rungs'],
};
const MODES: readonly Mode[] = ['aggressive', 'standard', 'conservative'];
const CONCURRENT = 16;

/** @param word as JSON, so that anything can be named */
const near = (word: string, known: readonly string[]): string => {
  const found = suggest(word.replaceAll('"', ''), known);
  return found === null ? '' : `; did you mean '${found}'?`;
};

/**
 * @param value what stands under `searcher`
 * @throws SpaceFault naming the key
 */
export function readSearcher(value: unknown): SearcherConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SpaceFault('searcher: it must be a mapping with a name');
  const given = value as Record<string, unknown>;
  const refuse = (message: string): never => {
    throw new SpaceFault(`searcher.${message}`);
  };
  const names = Object.keys(KEYS);
  const name = given['name'] as SearcherConfig['name'];
  if (typeof name !== 'string' || !Object.hasOwn(KEYS, name))
    return refuse(`name: it is one of ${names.join(', ')}${near(JSON.stringify(name) ?? '', names)}`);
  for (const key of Object.keys(given))
    if (!KEYS[name].includes(key)) refuse(`${key}: not known for ${name}${near(key, KEYS[name])}`);

  const text = (key: string): string => {
    const found = given[key];
    return typeof found === 'string' && found !== '' ? found : refuse(`${key}: the name of a metric is missing`);
  };
  const whole = (key: string, least: number, fallback?: number): number => {
    const found = given[key] ?? fallback;
    if (found === undefined) return refuse(`${key}: it is missing`);
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= least
      ? found
      : refuse(`${key}: it must be an integer, at least ${least}`);
  };
  const smallerIsBetter = given['smaller_is_better'] ?? true;
  if (typeof smallerIsBetter !== 'boolean') return refuse('smaller_is_better: it must be true or false');
  const common: Common = { metric: text('metric'), smallerIsBetter };
  if (name === 'single') return { name, ...common };
  const maxConcurrentTrials = whole('max_concurrent_trials', 0, CONCURRENT);
  if (name === 'grid') return { name, ...common, maxConcurrentTrials };
  const many: Many = { ...common, maxTrials: whole('max_trials', 1), maxConcurrentTrials };
  if (name === 'random') return { name, ...many };
  const divisor = given['divisor'] ?? 4;
  if (typeof divisor !== 'number' || !(divisor > 1) || !Number.isFinite(divisor))
    return refuse('divisor: it must be a number above 1');
  const halving: Halving = { ...many, divisor, timeMetric: text('time_metric'), maxTime: whole('max_time', 1) };
  if (name === 'async_halving') return { name, ...halving, numRungs: whole('num_rungs', 1) };
  const mode = (given['mode'] ?? 'standard') as Mode;
  if (!MODES.includes(mode))
    return refuse(`mode: it is one of ${MODES.join(', ')}${near(JSON.stringify(mode), MODES)}`);
  const bracketRungs = given['bracket_rungs'] ?? [];
  if (!Array.isArray(bracketRungs) || !bracketRungs.every((count) => Number.isSafeInteger(count) && count >= 1))
    return refuse('bracket_rungs: it must be a list of integers, at least 1 each');
  return { name, ...halving, mode, maxRungs: whole('max_rungs', 1, 5), bracketRungs: bracketRungs as number[] };
}
