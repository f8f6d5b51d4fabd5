/** Random choices that can be repeated: the same seed gives the same choices (mulberry32). */

export interface Random {
  /** 0 <= x < 1 */
  next(): number;
  /** min <= x < max */
  between(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  /** @param weights item -> how likely, relative to the others */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (min, max) => min + next() * (max - min),
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
    weighted(weights) {
      const entries = Object.entries(weights) as [keyof typeof weights & string, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [item, weight] of entries) {
        left -= weight;
        if (left < 0) return item as never;
      }
      return (entries.at(-1) as [string, number])[0] as never;
    },
  };
}
