/** A script that is not there is told at submit, with the one that was meant. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkScript } from '../../../electron/experiments/check-script.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-script-'));
  mkdirSync(path.join(dir, 'src', 'package'), { recursive: true });
  for (const file of ['train.py', 'train.sh', 'src/evaluate.py']) writeFileSync(path.join(dir, file), '');
});
afterAll(() => {
  chmodSync(path.join(dir, 'src'), 0o700);
  rmSync(dir, { recursive: true, force: true });
});

it.each([
  ['python tarin.py', 'train.py is there: write train.py instead of tarin.py.'],
  [['python', '-u', 'src/evalute.py'], 'src/evaluate.py is there: write src/evaluate.py instead of src/evalute.py.'],
  ['python nothing-like-it.py', 'Check the path; it is relative to the submitted directory.'],
  ['python gone/train.py', 'Check the path; it is relative to the submitted directory.'],
])('%j', async (entrypoint, remedy) => {
  await expect(checkScript(entrypoint, dir, true)).rejects.toMatchObject({
    code: 'command_missing',
    path: 'entrypoint',
    remedy,
  });
});

it('lets pass what is there, what only the shell knows, and what it cannot look at', async () => {
  for (const entrypoint of ['python train.py', 'python src/package', 'python -m tarin', 'cd src && python evaluate.py'])
    await checkScript(entrypoint, dir, true);
  await checkScript('python /nowhere/in/the/image.py', dir, false);
  await checkScript('python tarin.py', path.join(dir, 'no-such-directory'), true);
});

it('tells an absolute path that this machine has not', async () => {
  await expect(checkScript(['python', path.join(dir, 'trian.py')], dir, true)).rejects.toMatchObject({
    remedy: expect.stringContaining(path.join(dir, 'train.py')) as string,
  });
});
