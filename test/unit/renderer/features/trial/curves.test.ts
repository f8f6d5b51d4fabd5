import { expect, test } from 'vitest';
import {
  dataOf,
  gatherMetrics,
  MAX_CURVES,
  smooth,
  strokeOf,
  valuesAt,
} from '../../../../../renderer/features/trial/curves.ts';
import type { MetricSeries } from '../../../../../electron/contract/trials.ts';

const PLAIN = { log: false, over: 'step', smoothing: 0 } as const;

const series = (name: string, points: [number, number][], timesMs?: number[]): MetricSeries => ({
  name,
  points,
  ...(timesMs === undefined ? {} : { timesMs }),
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
  const [steps, first, second] = dataOf(metrics[0]!.curves, PLAIN);
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
  expect(dataOf(curves, { ...PLAIN, log: true })[1]).toEqual([1, null, null, 0.1]);
});

test('no two curves over each other look the same', () => {
  const looks = Array.from({ length: MAX_CURVES }, (_, style) => JSON.stringify(strokeOf('loss', MAX_CURVES, style)));
  expect(new Set(looks).size).toBe(MAX_CURVES);
});

test('under the pointer every curve says its nearest value, and nothing where it does not reach', () => {
  const [metric] = gatherMetrics([{ id: 1 }, { id: 2 }], (id) =>
    id === 1
      ? [
          series('loss', [
            [0, 1],
            [10, 0.5],
            [20, 0.25],
          ]),
        ]
      : [
          series('loss', [
            [8, 3],
            [12, 2],
          ]),
        ],
  );
  const at = (x: number): (number | null)[] => valuesAt(metric!.curves, x, PLAIN).map(({ value }) => value);
  expect(at(10)).toEqual([0.5, 3]);
  expect(at(11)).toEqual([0.5, 2]);
  expect(at(20)).toEqual([0.25, null]);
  expect(at(0)).toEqual([1, null]);
});

test('over time a curve begins with the first report of its trial, and steps a later attempt repeated stand where they were reported', () => {
  const [, acc] = gatherMetrics([{ id: 1 }], () => [
    series('loss', [[0, 9]], [1_000]),
    series(
      'acc',
      [
        [1, 0.1],
        [2, 0.4],
        [3, 0.3],
      ],
      [3_000, 9_000, 5_000],
    ),
  ]);
  expect(dataOf(acc!.curves, { ...PLAIN, over: 'time' })).toEqual([
    [2, 4, 8],
    [0.1, 0.3, 0.4],
  ]);
});

test('a smooth curve begins where the values do, follows them slowly and lies beside what was reported', () => {
  expect(smooth([4, 4, 4], 0.9)).toEqual([4, 4, 4]);
  expect(smooth([1, 2], 0)).toEqual([1, 2]);
  const [first, second] = smooth([0, 1], 0.5);
  expect(first).toBe(0);
  expect(second).toBeCloseTo(2 / 3);
  const curves = gatherMetrics([{ id: 1 }], () => [
    series('loss', [
      [0, 0],
      [1, 1],
    ]),
  ])[0]!.curves;
  const data = dataOf(curves, { ...PLAIN, smoothing: 0.5 });
  expect(data).toHaveLength(3);
  expect(data[1]).toEqual([0, 1]);
  expect(valuesAt(curves, 1, { ...PLAIN, smoothing: 0.5 })[0]).toMatchObject({ value: 1, smoothed: second });
});
