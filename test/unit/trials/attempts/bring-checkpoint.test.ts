import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bringCheckpoint } from '../../../../electron/trials/attempts/bring-checkpoint.ts';
import { trialDirectories } from '../../../../electron/trials/files/directories.ts';

let dir: string;
let into: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-bring-'));
  into = trialDirectories(dir, 2).checkpoints;
  mkdirSync(into, { recursive: true });
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});
const save = (trialId: number, name: string): void => {
  const at = path.join(trialDirectories(dir, trialId).checkpoints, name);
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, 'weights'), name);
};

test('a fork has the checkpoint it was made from, or the newest where that made room', async () => {
  save(1, 'step-10');
  save(1, 'step-20');
  // Of a copy that a crash cut off.
  mkdirSync(path.join(into, '.step-10.draft', 'rest'), { recursive: true });
  await bringCheckpoint(dir, into, { trialId: 1, checkpoint: 'step-10' });
  expect(readdirSync(into)).toEqual(['step-10']);
  expect(readFileSync(path.join(into, 'step-10', 'weights'), 'utf8')).toBe('step-10');
  // Its own count from then on.
  await bringCheckpoint(dir, into, { trialId: 1, checkpoint: 'step-20' });
  expect(readdirSync(into)).toEqual(['step-10']);
  rmSync(path.join(into, 'step-10'), { recursive: true });
  rmSync(path.join(trialDirectories(dir, 1).checkpoints, 'step-10'), { recursive: true });
  await bringCheckpoint(dir, into, { trialId: 1, checkpoint: 'step-10' });
  expect(readdirSync(into)).toEqual(['step-20']);
});

test('a fork of what is gone says so', async () => {
  await expect(bringCheckpoint(dir, into, { trialId: 1, checkpoint: 'step-10' })).rejects.toThrow(
    'The checkpoint step-10 of #1, with which this trial begins, is gone.',
  );
});
