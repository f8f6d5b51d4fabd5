/** Timing and the few figures made from many timings. */

/** @returns the value below which the share `q` (0..1) of the sorted values lies */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Runs `work` `times` times, one after the other. @returns how long each took, ms */
export async function timeEach(times: number, work: (index: number) => unknown): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < times; index++) {
    const beganMs = performance.now();
    await work(index);
    took.push(performance.now() - beganMs);
  }
  return took;
}

/** "1.23 ms", "12.3 ms", "1.23 s": three digits are enough here. */
export function ms(value: number): string {
  return value >= 1000
    ? `${(value / 1000).toFixed(2)} s`
    : `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ms`;
}
