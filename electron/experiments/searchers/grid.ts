/** The points of a grid over a space of hyperparameters, by Determined's rules. Pure. */
import { SpaceFault, sorted } from './hyperparameters.ts';
import type { Hyperparameter } from './hyperparameters.ts';

/** One value at one place of the space. */
export interface AxisValue {
  readonly route: readonly string[];
  readonly value: unknown;
}
export type Axis = readonly AxisValue[];

/** Rounds half away from zero, as Go's math.Round does. */
const roundHalfAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

/** `count` values from one end to the other, both of them with it; one alone is the middle. */
function spread(minval: number, maxval: number, count: number): number[] {
  if (count === 1) return [minval + (maxval - minval) / 2];
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? maxval : minval + (i * (maxval - minval)) / (count - 1),
  );
}

function countOf(space: { readonly type: string; readonly count: number | null }, route: readonly string[]): number {
  if (space.count === null)
    throw new SpaceFault(
      `${route.join('.')}: a grid needs 'count', the number of values to try between minval and maxval`,
    );
  return space.count;
}

/**
 * The axes of a space, one for every place, in the order of their names.
 * @throws SpaceFault where `count` is missing
 */
export function gridAxes(space: Hyperparameter, route: readonly string[]): Axis[] {
  const at = (values: readonly unknown[]): Axis[] => [values.map((value) => ({ route, value }))];
  switch (space.type) {
    case 'const':
      return at([space.val]);
    case 'categorical':
      return at(space.vals);
    case 'int': {
      const count = Math.min(countOf(space, route), space.maxval - space.minval + 1);
      return at(spread(space.minval, space.maxval, count).map(roundHalfAway));
    }
    case 'double':
      return at(spread(space.minval, space.maxval, countOf(space, route)));
    case 'log':
      return at(spread(space.minval, space.maxval, countOf(space, route)).map((exponent) => space.base ** exponent));
    case 'map':
      // An empty map is a value too: it must not vanish from the trial's hyperparameters.
      if (space.entries.size === 0) return route.length === 0 ? [] : at([{}]);
      return sorted(space.entries).flatMap(([key, entry]) => gridAxes(entry, [...route, key]));
  }
}

/** How many points there are; beyond 2^53 not exact. */
export const gridSize = (axes: readonly Axis[]): number => axes.reduce((size, axis) => size * axis.length, 1);

/** The point with the number `index`: the last axis varies fastest. */
export function gridPoint(axes: readonly Axis[], index: number): Record<string, unknown> {
  const point: Record<string, unknown> = {};
  let rest = index;
  for (const axis of axes.toReversed()) {
    const { route, value } = axis[rest % axis.length] as AxisValue;
    rest = Math.floor(rest / axis.length);
    put(point, route, value);
  }
  return point;
}

function put(point: Record<string, unknown>, route: readonly string[], value: unknown): void {
  let at = point;
  for (const step of route.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
  at[route.at(-1) as string] = value;
}
