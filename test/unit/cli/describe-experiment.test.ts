import { expect, test } from 'vitest';
import { describePreview, sayState } from '../../../electron/cli/describe-experiment.ts';
import type { ExperimentView } from '../../../electron/contract/experiments.ts';

test('an experiment says what its trials do', () => {
  const view = (over: Partial<ExperimentView>): ExperimentView =>
    ({
      states: {},
      outcomes: { completed: 0, failed: 0, canceled: 0 },
      phase: null,
      endedAtMs: null,
      ...over,
    }) as ExperimentView;
  const states = { running: 1, stopping: 1, queued: 3 } as ExperimentView['states'];
  expect(sayState(view({ states, outcomes: { completed: 7, failed: 1, canceled: 0 }, phase: 'paused' }))).toBe(
    '2 running, 3 queued, 7 completed, 1 failed, search paused',
  );
});

test('a preview says how long, or that nobody knows', () => {
  const preview = {
    kind: 'search',
    trials: 300,
    needsWord: true,
    rungs: [{ units: 1, trials: 225 }],
    timeMetric: 'epoch',
    trialMs: null,
    slots: 1,
    gpuHours: null,
    endsInMs: null,
    examples: [{ lr: 0.1 }],
  } as const;
  expect(describePreview({ ...preview, rungs: [...preview.rungs], examples: [...preview.examples] })).toEqual([
    '300 trials.',
    'Where each rung keeps only as many as it must, they end 225 after 1 epoch.',
    'How long one takes is not known: --estimate 30m says it.',
    '  t1  {"lr":0.1}',
    'So many want to be allowed: --allow-trials 300.',
    'Nothing was queued.',
  ]);
});
