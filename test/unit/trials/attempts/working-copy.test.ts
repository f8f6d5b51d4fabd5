/** Working copies after the machine was started again: a power cut may have emptied what was written last. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureWorkingCopy, wasEmptied } from '../../../../electron/trials/attempts/working-copy.ts';

let dir: string;
let work: string;
let made: number;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-copy-'));
  work = path.join(dir, 'trials', '1', 'work');
  made = 0;
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const ensure = (bootId: string | null, hasRun: boolean, snapshot: string | null = 'snap'): Promise<readonly string[]> =>
  ensureWorkingCopy({
    work,
    snapshot,
    hasRun,
    bootId,
    materialize: async (_snapshot, to) => {
      made++;
      await mkdir(path.join(to, 'lib'), { recursive: true });
      await writeFile(path.join(to, 'train.py'), 'print(1)');
      await writeFile(path.join(to, 'lib', 'model.py'), 'model');
      await writeFile(path.join(to, 'empty.txt'), '');
    },
  });
const read = (name: string): string => readFileSync(path.join(work, name), 'utf8');

it('is made once, and taken as it is while the machine runs', async () => {
  await ensure('boot-1', false);
  writeFileSync(path.join(work, 'train.py'), '');
  expect(await ensure('boot-1', true)).toEqual([]);
  expect([read('train.py'), made]).toEqual(['', 1]);
});

it('is made anew after a restart of the machine when nothing ran in it', async () => {
  await ensure('boot-1', false);
  truncateSync(path.join(work, 'train.py'));
  writeFileSync(path.join(work, 'half'), '');
  await ensure('boot-2', false);
  expect([read('train.py'), read('lib/model.py')]).toEqual(['print(1)', 'model']);
  expect(() => read('half')).toThrow('ENOENT');
});

it('gets back what is empty or missing where a program ran, and keeps what the program wrote', async () => {
  await ensure('boot-1', false);
  truncateSync(path.join(work, 'train.py'));
  rmSync(path.join(work, 'lib', 'model.py'));
  writeFileSync(path.join(work, 'empty.txt'), 'not any more');
  mkdirSync(path.join(work, 'out'));
  writeFileSync(path.join(work, 'out', 'result'), '42');
  expect((await ensure('boot-2', true)).toSorted()).toEqual([path.join('lib', 'model.py'), 'train.py']);
  expect(['train.py', 'lib/model.py', 'empty.txt', 'out/result'].map(read)).toEqual([
    'print(1)',
    'model',
    'not any more',
    '42',
  ]);
  expect(await ensure('boot-2', true)).toEqual([]);
});

it('trusts a copy of an engine that left no note as little', async () => {
  await ensure(null, false);
  truncateSync(path.join(work, 'train.py'));
  await ensure('boot-1', true);
  expect(read('train.py')).toBe('print(1)');
});

it('knows a file that lost its content from one that never had any', () => {
  expect(wasEmptied({ size: 9, blocks: 8 }, { size: 0, blocks: 0 })).toBe(true);
  expect(wasEmptied({ size: 9, blocks: 8 }, { size: 9, blocks: 0 })).toBe(true);
  expect(wasEmptied({ size: 9, blocks: 0 }, { size: 9, blocks: 0 })).toBe(false);
  expect(wasEmptied({ size: 0, blocks: 0 }, { size: 0, blocks: 0 })).toBe(false);
  expect(wasEmptied({ size: 9, blocks: 8 }, { size: 4, blocks: 8 })).toBe(false);
});
