import { expect, test } from 'vitest';
import { validateConfig } from '../../../electron/experiments/config/parse-config.ts';
import { ownConfig } from '../../../electron/experiments/own-config.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

test('a trial of a sweep has a configuration of its own, that makes it once more', () => {
  const { config } = validateConfig({
    entrypoint: 'train',
    hyperparameters: { depth: { type: 'int', minval: 1, maxval: 9 }, model: { width: 3 } },
    set_params: ['params.yaml:train.lr=0.5', 'model.width=4'],
    searcher: { name: 'random', metric: 'loss', max_trials: 3 },
  });
  const { spec } = makeTrialRow();
  const params = [{ file: 'params.yaml', set: ['train.lr=0.5', '+model.act=relu'] }];
  const hparams = { depth: 7, model: { width: 4, act: 'relu' }, train: { lr: 0.5 } };
  const own = ownConfig(config, { spec: { ...spec, inSweep: 't2', params }, hparams });
  expect(own).toMatchObject({
    hyperparameters: { depth: 7, model: { width: 4 } },
    set_params: ['params.yaml:train.lr=0.5', 'params.yaml:+model.act=relu'],
  });
  expect(own.searcher).toBeUndefined();
  expect(own.hyperparameters['train']).toBeUndefined();
  expect(ownConfig(config, { spec, hparams })).toBe(config);
});
