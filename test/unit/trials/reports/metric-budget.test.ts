/** What is kept of a burst of points. */
import { expect, test } from 'vitest';
import type { MetricPoint } from '../../../../electron/store/reports.ts';
import { thinBatch } from '../../../../electron/trials/reports/metric-budget.ts';

const points = (names: number, each: number): MetricPoint[] =>
  Array.from(
    { length: names * each },
    (_, at) => ({ name: `m${at % names}`, step: Math.floor(at / names), value: at }) as MetricPoint,
  );
const stepsOf = (kept: readonly MetricPoint[], name: string): number[] =>
  kept.filter((point) => point.name === name).map(({ step }) => step);

test('few are kept as they are; of many each name keeps its share, first and last among them', () => {
  const few = points(2, 5);
  expect(thinBatch(few, 10)).toBe(few);
  const kept = thinBatch(points(2, 100), 20);
  expect(kept.length).toBeLessThanOrEqual(22);
  for (const name of ['m0', 'm1']) {
    expect(stepsOf(kept, name)[0]).toBe(0);
    expect(stepsOf(kept, name).at(-1)).toBe(99);
  }
});

test('of very many names each keeps its latest, and one whose points are few keeps them all', () => {
  expect(stepsOf(thinBatch(points(10, 9), 20), 'm3')).toEqual([7, 8]);
  const kept = thinBatch([...points(1, 100), { name: 'rare', step: 5, value: 1 } as MetricPoint], 20);
  expect(stepsOf(kept, 'rare')).toEqual([5]);
});
