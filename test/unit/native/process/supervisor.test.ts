/** The claim of an attempt, with the real shell: who creates the file owns the attempt, and only one can. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markOf } from '../../../../native/process/attempt-mark.ts';
import { claimAsAbsent } from '../../../../native/process/attempt-files.ts';
import { spawnSupervisor } from '../../../../native/process/spawn-supervisor.ts';
import { ABSENT_CLAIM, CLAIM_FILE } from '../../../../native/process/supervisor.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-claim-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const start = () =>
  spawnSupervisor({
    stateDir: dir,
    logPath: path.join(dir, 'log'),
    bootId: 'boot',
    mark: markOf('attempt'),
    program: '/bin/sh',
    args: ['-c', `echo ran >> ${dir}/runs`],
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '' },
  });
const runs = (): string => {
  try {
    return readFileSync(path.join(dir, 'runs'), 'utf8');
  } catch {
    return '';
  }
};

test('of several supervisors of one attempt one runs the program', async () => {
  const started = await Promise.all(Array.from({ length: 5 }, start));
  const claimed = await Promise.all(started.map((one) => one.claimed));
  expect(claimed.filter(Boolean)).toHaveLength(1);
  await Promise.all(started.map((one) => one.ended));
  expect(runs()).toBe('ran\n');
  // Nor does one that comes when it is over.
  const late = await start();
  expect(await late.claimed).toBe(false);
  await late.ended;
  expect(runs()).toBe('ran\n');
});

test('a supervisor that comes after the attempt was given up runs nothing, and leaves the claim as it is', async () => {
  expect(await claimAsAbsent(dir)).toBe(true);
  expect(await claimAsAbsent(dir)).toBe(false);
  const late = await start();
  expect(await late.claimed).toBe(false);
  await late.ended;
  expect(runs()).toBe('');
  expect(readFileSync(path.join(dir, CLAIM_FILE), 'utf8')).toBe(ABSENT_CLAIM);
});

test('an attempt that a supervisor has cannot be given up', async () => {
  writeFileSync(path.join(dir, CLAIM_FILE), 'somebody');
  expect(await claimAsAbsent(dir)).toBe(false);
  expect(readFileSync(path.join(dir, CLAIM_FILE), 'utf8')).toBe('somebody');
});
