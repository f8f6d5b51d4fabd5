/**
 * Spaces of hyperparameters with Determined's types and meanings: int (both bounds belong to it), double, log (the bounds are exponents),
 * categorical, const, and maps of them at any depth; anything else is a constant. Pure.
 */
import { suggest } from '../../text/nearest.ts';
import { nextRandom } from './random-numbers.ts';
import type { RandomState } from './random-numbers.ts';

export type Hyperparameter =
  | { readonly type: 'int'; readonly minval: number; readonly maxval: number; readonly count: number | null }
  | { readonly type: 'double'; readonly minval: number; readonly maxval: number; readonly count: number | null }
  | {
      readonly type: 'log';
      readonly minval: number;
      readonly maxval: number;
      readonly base: number;
      readonly count: number | null;
    }
  | { readonly type: 'categorical'; readonly vals: readonly unknown[] }
  | { readonly type: 'const'; readonly val: unknown }
  | { readonly type: 'map'; readonly entries: ReadonlyMap<string, Hyperparameter> };

/** A space that cannot be read. The message names the place: `optimizer.lr: minval must be below maxval`. */
export class SpaceFault extends Error {}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  int: ['type', 'minval', 'maxval', 'count'],
  double: ['type', 'minval', 'maxval', 'count'],
  log: ['type', 'minval', 'maxval', 'base', 'count'],
  categorical: ['type', 'vals'],
  const: ['type', 'val'],
};
const MAX_DEPTH = 50;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * @param value what stands under `hyperparameters`, or one entry of it
 * @param place dotted, for messages
 * @throws SpaceFault
 */
export function readHyperparameter(value: unknown, place: string): Hyperparameter {
  if (place.split('.').length > MAX_DEPTH)
    throw new SpaceFault(`${place.slice(0, 100)}: it is nested more than ${MAX_DEPTH} deep`);
  if (!isRecord(value)) return { type: 'const', val: value };
  const { type } = value;
  if (type === undefined || isRecord(type))
    return {
      type: 'map',
      entries: new Map(
        Object.entries(value).map(([key, item]) => [
          key,
          readHyperparameter(item, place === '' ? key : `${place}.${key}`),
        ]),
      ),
    };
  const refuse = (message: string): never => {
    throw new SpaceFault(`${place}: ${message}`);
  };
  if (typeof type !== 'string' || !Object.hasOwn(KEYS, type)) {
    const written = typeof type === 'string' ? type : JSON.stringify(type);
    const near = suggest(written, Object.keys(KEYS));
    return refuse(
      `there is no type '${written}'${near === null ? '.' : `; did you mean ${near}?`} It is one of ${Object.keys(KEYS).join(', ')}`,
    );
  }
  for (const key of Object.keys(value))
    if (!(KEYS[type] as readonly string[]).includes(key)) {
      const near = suggest(key, KEYS[type] as readonly string[]);
      refuse(`'${key}' is not known for ${type}${near === null ? '' : `; did you mean '${near}'?`}`);
    }
  if (type === 'const') {
    if (!('val' in value)) refuse("'val' is missing");
    return { type, val: value['val'] };
  }
  if (type === 'categorical') {
    const { vals } = value;
    if (!Array.isArray(vals) || vals.length === 0) return refuse("'vals' must be a list with at least one value");
    return { type, vals };
  }
  const number = (key: string, fallback?: number): number => {
    const given = value[key] ?? fallback;
    if (typeof given !== 'number' || !Number.isFinite(given)) return refuse(`'${key}' must be a number`);
    return given;
  };
  const bounds = { minval: number('minval'), maxval: number('maxval') };
  if (bounds.minval >= bounds.maxval) refuse('minval must be below maxval');
  if (type === 'int' && !(Number.isSafeInteger(bounds.minval) && Number.isSafeInteger(bounds.maxval)))
    refuse('minval and maxval must be integers');
  const { count = null } = value;
  if (count !== null && !(typeof count === 'number' && Number.isInteger(count) && count >= 1))
    return refuse("'count' must be an integer, at least 1");
  if (type === 'log') {
    const base = number('base', 10);
    if (base <= 0) refuse("'base' must be above 0");
    return { type, ...bounds, base, count: count as number | null };
  }
  return { type: type as 'int' | 'double', ...bounds, count: count as number | null };
}

/** Draws one point of the space. @returns the value (a plain object for a map) and the random state to go on with */
export function sample(space: Hyperparameter, random: RandomState): readonly [unknown, RandomState] {
  if (space.type === 'const') return [space.val, random];
  if (space.type === 'map') {
    const point: Record<string, unknown> = {};
    let state = random;
    // In the order of the names, so that a file whose keys were moved gives the same trials.
    for (const [key, entry] of sorted(space.entries)) [point[key], state] = sample(entry, state);
    return [point, state];
  }
  const [unit, state] = nextRandom(random);
  switch (space.type) {
    case 'int':
      return [space.minval + Math.floor(unit * (space.maxval - space.minval + 1)), state];
    case 'double':
      return [space.minval + unit * (space.maxval - space.minval), state];
    case 'log':
      return [space.base ** (space.minval + unit * (space.maxval - space.minval)), state];
    case 'categorical':
      return [space.vals[Math.floor(unit * space.vals.length)], state];
  }
}

export const sorted = <T>(entries: ReadonlyMap<string, T>): (readonly [string, T])[] =>
  [...entries].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
