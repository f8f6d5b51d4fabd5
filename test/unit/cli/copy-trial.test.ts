import { expect, test } from 'vitest';
import { asOfFiles } from '../../../electron/cli/copy-trial.ts';

test('a parameter of a file stays one when its trial is copied', () => {
  const changed = ['params.yaml:train.lr=0.5', 'conf/a.toml:+depth=3'];
  expect(asOfFiles(changed, ['train.lr=0.1,0.2', 'depth=4', 'seed=1', 'params.yaml:x=1'])).toEqual([
    'params.yaml:train.lr=0.1,0.2',
    'conf/a.toml:depth=4',
    'seed=1',
    'params.yaml:x=1',
  ]);
  expect(asOfFiles(undefined, ['lr=1'])).toEqual(['lr=1']);
});
