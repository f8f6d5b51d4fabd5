import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setParameters } from '../../../electron/experiments/set-parameters.ts';

let dir: string;
let copy: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-set-'));
  copy = path.join(dir, 'copy');
  mkdirSync(path.join(copy, 'conf'), { recursive: true });
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

test('only what changes is touched, in each file of its own format', async () => {
  writeFileSync(path.join(copy, 'params.yaml'), '# mine\ntrain: {lr: 0.1,  seed: 1} # note\r\n');
  writeFileSync(path.join(copy, 'conf', 'model.json'), '{ "depth":2,\n  "width": 3 }');
  writeFileSync(path.join(copy, 'same.json'), '{"a": 1}');
  const written = await setParameters(copy, [
    { file: 'same.json', set: ['a=1'] },
    { file: 'params.yaml', set: ['train.lr=0.5', 'train.seed=7'] },
    { file: 'conf/model.json', set: ['depth=4'] },
    { file: 'new.toml', set: ['+a=1'] },
  ]);
  // What says it already is not ours.
  expect(Object.keys(written)).toEqual(['params.yaml', 'conf/model.json', 'new.toml']);
  expect(readFileSync(path.join(copy, 'params.yaml'), 'utf8')).toBe('# mine\ntrain: {lr: 0.5,  seed: 7} # note\r\n');
  expect(readFileSync(path.join(copy, 'conf', 'model.json'), 'utf8')).toBe('{ "depth":4,\n  "width": 3 }');
  expect(readFileSync(path.join(copy, 'new.toml'), 'utf8').trim()).toBe('a = 1');
});

test('no link of the snapshot leads a change out of the copy', async () => {
  const outside = path.join(dir, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'params.yaml'), 'lr: 1\n');
  symlinkSync(outside, path.join(copy, 'away'));
  symlinkSync(path.join(outside, 'params.yaml'), path.join(copy, 'linked.yaml'));
  const change = (file: string): Promise<unknown> => setParameters(copy, [{ file, set: ['++lr=2'] }]);
  await expect(change('away/params.yaml')).rejects.toThrow('leads out of the working copy');
  await expect(change('../outside/params.yaml')).rejects.toThrow('outside of the working copy');
  // A link itself is replaced, not followed.
  await change('linked.yaml');
  expect(readFileSync(path.join(outside, 'params.yaml'), 'utf8')).toBe('lr: 1\n');
});

test('a copy that has other parameters than were looked at says so', async () => {
  writeFileSync(path.join(copy, 'params.yaml'), 'rate: 1\n');
  await expect(setParameters(copy, [{ file: 'params.yaml', set: ['lr=2'] }])).rejects.toThrow(
    /params\.yaml of the working copy cannot take lr=2: there is no 'lr'/,
  );
});
