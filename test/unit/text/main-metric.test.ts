import { expect, it } from 'vitest';
import { chooseMainMetric, isLowerBetter } from '../../../electron/text/main-metric.ts';

it.each([
  [['loss', 'val_loss', 'val_acc', 'lr'], 'val_loss'],
  [['train/loss', 'lr', 'acc'], 'train/loss'],
  [['lr', 'acc', 'epoch'], 'acc'],
  [['grad_norm', 'a'], 'a'],
  [['trainLoss', 'validAccuracy'], 'validAccuracy'],
  [['glossary', 'lossless', 'map'], 'map'],
  [[], null],
])('of %j it is %s, in whatever order', (names, main) => {
  expect(chooseMainMetric(names)).toBe(main);
  expect(chooseMainMetric(names.toReversed())).toBe(main);
});

it('less is better of what went wrong', () => {
  expect(['loss', 'val/rmse', 'testError', 'WER'].map(isLowerBetter)).toEqual([true, true, true, true]);
  expect(['acc', 'reward', 'glossary', 'lr', 'terror_free'].map(isLowerBetter)).toEqual(Array(5).fill(false));
});
