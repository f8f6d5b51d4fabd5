/** Adaptive ASHA: several brackets of asynchronous halving, from the one that stops early to the one that hardly stops. Pure. */

export type Mode = 'aggressive' | 'standard' | 'conservative';

export interface AdaptiveShape {
  readonly mode: Mode;
  readonly maxRungs: number;
  readonly divisor: number;
  readonly maxTime: number;
  readonly maxTrials: number;
  /** Rungs of each bracket as the user wants them; empty: by the mode. */
  readonly bracketRungs: readonly number[];
}

/** Whole part of the logarithm, without the error of two logarithms' quotient (log 243 to the base 3 is 5, not 4.99). */
function wholeLog(base: number, value: number): number {
  let power = 0;
  for (let at = base; at <= value; at *= base) power += 1;
  return power;
}

/** @returns how many rungs each bracket has, most first */
export function bracketRungs({
  mode,
  maxRungs,
  divisor,
  maxTime,
  maxTrials,
  bracketRungs: wanted,
}: AdaptiveShape): number[] {
  if (wanted.length > 0) return wanted.toSorted((a, b) => b - a);
  const most = Math.min(maxRungs, wholeLog(divisor, maxTime) + 1, wholeLog(divisor, maxTrials) + 1);
  const least = { aggressive: most, standard: Math.trunc((most - 1) / 2) + 1, conservative: 1 }[mode];
  return Array.from({ length: most - least + 1 }, (_, i) => most - i);
}

/** @returns how the trials are divided among the brackets: by the work each saves, at least one each, what is left to the first */
export function bracketTrials(maxTrials: number, divisor: number, rungs: readonly number[]): number[] {
  const weights = rungs.map((count) => divisor ** (count - 1) / count);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => Math.max(Math.trunc((weight / total) * maxTrials), 1));
  const left = Math.max(maxTrials - shares.reduce((sum, share) => sum + share, 0), 0);
  return shares.map((share, i) => (i === 0 ? share + left : share));
}

/** @param maxConcurrent 0: as many as the smallest bracket keeps busy. @returns how many trials of each bracket run at once */
export function bracketConcurrency(maxConcurrent: number, divisor: number, trials: readonly number[]): number[] {
  if (maxConcurrent === 0) return trials.map(() => Math.max(trials.at(-1) ?? 0, Math.trunc(divisor)));
  const most = Math.max(maxConcurrent, trials.length);
  const each = Math.trunc(most / trials.length);
  return trials.map((_, i) => each + (i < most % trials.length ? 1 : 0));
}
