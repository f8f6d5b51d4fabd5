import { expect, test } from 'vitest';
import { dataOf, gatherMetrics, MAX_CURVES, strokeOf } from '../../../../../renderer/features/trial/curves.ts';
import type { MetricSeries } from '../../../../../electron/contract/trials.ts';

const series = (name: string, points: [number, number][]): MetricSeries => ({
  name,
  points,
  last: points.at(-1)?.[1] ?? null,
  min: null,
  max: null,
});

test('curves of several trials share an axis of steps; a trial keeps its style where another lacks the metric', () => {
  const of: Record<number, MetricSeries[]> = {
    1: [
      series('loss', [
        [0, 1],
        [2, 0.5],
      ]),
    ],
    2: [series('loss', [[1, 3]]), series('acc', [[0, 0.1]])],
  };
  const metrics = gatherMetrics([{ id: 1 }, { id: 2 }], (id) => of[id] ?? []);
  expect(metrics.map(({ name, curves }) => [name, curves.map((curve) => [curve.trialId, curve.style])])).toEqual([
    [
      'loss',
      [
        [1, 0],
        [2, 1],
      ],
    ],
    ['acc', [[2, 1]]],
  ]);
  const [steps, first, second] = dataOf(metrics[0]!.curves, false);
  expect(steps).toEqual([0, 1, 2]);
  expect(first).toEqual([1, undefined, 0.5]);
  expect(second).toEqual([undefined, 3, undefined]);
});

test('a logarithmic scale leaves out what it cannot show', () => {
  const curves = gatherMetrics([{ id: 1 }], () => [
    series('loss', [
      [0, 1],
      [1, 0],
      [2, -4],
      [3, 0.1],
    ]),
  ])[0]!.curves;
  expect(dataOf(curves, true)[1]).toEqual([1, null, null, 0.1]);
});

test('no two curves over each other look the same', () => {
  const looks = Array.from({ length: MAX_CURVES }, (_, style) => JSON.stringify(strokeOf('loss', MAX_CURVES, style)));
  expect(new Set(looks).size).toBe(MAX_CURVES);
});
