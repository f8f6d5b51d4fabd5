import { expect, test } from 'vitest';
import { sayPreview } from '../../../electron/text/say-preview.ts';
import { hasSeveralValues } from '../../../electron/text/several-values.ts';

test('commas that stand free mean several values', () => {
  expect(['0.1,0.01', 'a, b', 'range(3)', 'choice(1,2)', '[1],[2]'].filter((one) => !hasSeveralValues(one))).toEqual(
    [],
  );
  expect(['0.1', '[1,2]', '{a: 1, b: 2}', '"a,b"', "'x, y'", 'f(1,2)', ''].filter(hasSeveralValues)).toEqual([]);
});

test('a preview says what is known', () => {
  const nothing = {
    kind: 'sweep',
    trials: 3,
    needsWord: false,
    rungs: null,
    timeMetric: null,
    trialMs: null,
    slots: 0,
    gpuHours: null,
    endsInMs: null,
    examples: [],
  } as const;
  expect(sayPreview({ ...nothing, examples: [] })).toEqual(['3 trials']);
  const search = {
    ...nothing,
    examples: [],
    kind: 'search' as const,
    rungs: [
      { units: 1, trials: 9 },
      { units: 4, trials: 3 },
    ],
    timeMetric: 'epoch',
    trialMs: 3_600_000,
    gpuHours: { least: 5.25, most: 12.4 },
    endsInMs: 7_200_000,
  };
  expect(sayPreview(search)).toEqual([
    '3 trials',
    'Where each rung keeps only as many as it must, they end 9 after 1, 3 after 4 epoch',
    'One whole trial takes about 1 h',
    '5.3 to 12 GPU hours',
    'With its pool to itself it ends about 2 h after it starts',
  ]);
});
