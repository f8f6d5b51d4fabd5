/** A full disk: a small file system of its own as the data directory. Nothing acknowledged is lost, and everything goes on once there is space. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Problem } from '../../electron/contract/errors.ts';
import { ApiProblem } from '../support/api-client.ts';
import { spawnServe } from '../support/engine-process.ts';
import { listTrialProcesses, waitUntil } from '../support/processes.ts';
import { makeDirectory, openYard, refusal, type Yard } from '../support/yard.ts';

const MIB = 1024 * 1024;

/** Whether file systems can be mounted here: root, and not in a container without that right. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'switchyard-test', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @returns an empty directory on a file system of this size, unmounted after the test */
function smallDisk(sizeMiB: number): string {
  const dir = makeDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0700`, 'switchyard-test', dir]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', dir]);
  });
  return dir;
}

const freeBytes = (dir: string): number => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};

/** Fills the disk to the last block. @returns the function that frees it again */
function fill(dir: string, name = 'ballast'): () => void {
  const ballast = path.join(dir, name);
  for (let chunk = MIB; chunk >= 4096;) {
    try {
      writeFileSync(ballast, Buffer.alloc(chunk), { flag: 'a' });
    } catch {
      chunk /= 2;
    }
  }
  expect(freeBytes(dir)).toBeLessThan(64 * 1024);
  return () => {
    rmSync(ballast);
  };
}

async function openSmallYard(sizeMiB: number): Promise<Yard> {
  const yard = await openYard({ dataDir: path.join(smallDisk(sizeMiB), 'data') });
  await yard.engine.api.call('PATCH', '/settings', { minFreeDiskMiB: 0 });
  return yard;
}

/** Some submits may still fit into the last blocks of the database's log: those count as promised. */
async function submitUntilRefused(
  yard: Yard,
): Promise<{ readonly accepted: readonly number[]; readonly problem: Problem }> {
  const accepted: number[] = [];
  for (;;) {
    try {
      accepted.push(await yard.submit({ entrypoint: `echo ${'x'.repeat(20_000)}` }, true));
    } catch (error) {
      if (error instanceof ApiProblem) return { accepted, problem: error.problem };
      throw error;
    }
  }
}

describe.skipIf(!canMount())('a full disk (needs root to mount a small one)', () => {
  test('below the limit nothing is started, and the reason says so', async () => {
    const disk = smallDisk(48);
    const yard = await openYard({ dataDir: path.join(disk, 'data') });
    const id = await yard.submit({ entrypoint: 'true' });
    await yard.engine.waitFor('it waits for space', (state) => /MiB are free/.test(state.reasonOf(id) ?? ''));
    expect((await yard.engine.api.state()).notices.find((notice) => notice.id === 'disk_low')).toMatchObject({
      level: 'error',
      remedy: expect.stringContaining('Free some space'),
    });
    await yard.engine.api.call('PATCH', '/settings', { minFreeDiskMiB: 0 });
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
  });

  test(
    'full while a trial logs and while the database writes: refused or remembered, never lost',
    { timeout: 90_000 },
    async () => {
      const yard = await openSmallYard(48);
      await yard.engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 2 } });
      const dir = yard.engine.dataDir;
      const queued = await yard.submit({ entrypoint: 'echo after' }, true);
      const logging = await yard.submit({
        entrypoint: `echo first; while [ ! -e ${yard.dir}/go ]; do sleep 0.05; done; head -c 4000000 /dev/zero | tr '\\0' 'x' || exit 7; echo last`,
      });
      const silent = await yard.submit({ entrypoint: `while [ ! -e ${yard.dir}/go ]; do sleep 0.05; done; exit 5` });
      await yard.engine.waitFor(
        'both run',
        ({ trials }) => trials.get(logging)?.state === 'running' && trials.get(silent)?.state === 'running',
      );
      const free = fill(dir);
      const { accepted, problem } = await submitUntilRefused(yard);
      expect(problem).toMatchObject({
        code: 'disk_full',
        status: 507,
        remedy: expect.stringContaining('Free some space'),
      });
      // Both end while nothing can be saved.
      writeFileSync(path.join(yard.dir, 'go'), '');
      await waitUntil('both programs have ended', () => listTrialProcesses(dir).length === 0);
      const listed = (await yard.engine.api.trials()).map((trial) => trial.id);
      for (const id of [queued, logging, silent, ...accepted]) expect(listed).toContain(id);

      free();
      expect(await yard.outcomeOf(silent, 30_000)).toMatchObject({ kind: 'failed', exitCode: 5 });
      expect((await yard.outcomeOf(logging, 30_000)).kind).toMatch(/completed|failed/);
      await yard.engine.api.act({ action: 'resume', trialIds: [queued] });
      expect(await yard.outcomeOf(queued, 30_000)).toMatchObject({ kind: 'completed' });
    },
  );

  test(
    'full when the engine dies and is started again: it says so or starts, and everything is there once there is space',
    { timeout: 90_000 },
    async () => {
      const yard = await openSmallYard(48);
      const dir = yard.engine.dataDir;
      const running = await yard.submit({ entrypoint: 'sleep 600', grace_period_s: 0.5 });
      await yard.engine.waitFor('it runs', ({ trials }) => trials.get(running)?.state === 'running');
      const free = fill(dir);
      const { accepted } = await submitUntilRefused(yard);
      await yard.engine.kill9();
      const again = spawnServe({ dataDir: dir });
      const started = await again.ready.then(
        () => true,
        () => false,
      );
      if (started) again.kill('SIGKILL');
      const { exitCode } = await again.ended;
      if (!started) {
        expect(exitCode).toBe(1);
        expect(again.stderr()).toMatch(/disk[^]*(full|space)/i);
      }
      free();
      await yard.engine.restart();
      const trials = await yard.engine.api.trials();
      expect(trials.map((trial) => trial.id).toSorted((a, b) => a - b)).toEqual([running, ...accepted]);
      expect(trials.find((trial) => trial.id === running)).toMatchObject({ state: 'running', attempt: 1 });
      await yard.engine.api.act({ action: 'kill', trialIds: [running] });
      expect(await yard.outcomeOf(running)).toMatchObject({ kind: 'canceled' });
    },
  );

  test(
    'with no byte free: reading works, ends are told, cancel and delete work and give room back, stop stops, and it starts again',
    { timeout: 120_000 },
    async () => {
      const yard = await openSmallYard(48);
      const { api, dataDir } = yard.engine;
      await api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 3 } });
      const large = await yard.submit({ entrypoint: `head -c 6000000 /dev/zero > "$SWITCHYARD_OUTPUT_DIR/large"` });
      expect(await yard.outcomeOf(large)).toMatchObject({ kind: 'completed' });
      const short = await yard.submit({ entrypoint: `while [ ! -e ${yard.dir}/go ]; do sleep 0.05; done; exit 5` });
      const long = await yard.submit({ entrypoint: 'sleep 600', grace_period_s: 0.5 });
      const queued = await yard.submit({ entrypoint: 'true' }, true);
      await yard.engine.waitFor(
        'both run',
        ({ trials }) => trials.get(short)?.state === 'running' && trials.get(long)?.state === 'running',
      );
      await waitUntil('there is a reserve', () => existsSync(path.join(dataDir, 'reserve')));
      fill(dataDir);
      const { problem } = await submitUntilRefused(yard);
      expect(problem.code).toBe('disk_full');

      // What happens now is saved all the same.
      writeFileSync(path.join(yard.dir, 'go'), '');
      expect(await yard.outcomeOf(short)).toMatchObject({ kind: 'failed', exitCode: 5 });
      await api.act({ action: 'cancel', trialIds: [long, queued] });
      expect(await yard.outcomeOf(long)).toMatchObject({ kind: 'canceled' });
      expect(listTrialProcesses(dataDir)).toEqual([]);
      fill(dataDir, 'ballast2');

      // It stops in order, starts without a byte free, and answers.
      expect(await yard.engine.stop()).toBe(0);
      fill(dataDir, 'ballast3');
      await yard.engine.restart();
      expect((await api.trials()).find((trial) => trial.id === long)).toMatchObject({ state: 'done' });

      // Deleting gives room back, and the reserve is made again.
      const free = freeBytes(dataDir);
      await api.act({ action: 'delete', trialIds: [large] });
      await waitUntil('its files are gone', () => freeBytes(dataDir) > free + 4_000_000);
      rmSync(path.join(dataDir, 'ballast'));
      await waitUntil('the reserve is whole again', () => statSync(path.join(dataDir, 'reserve')).size === 3 * MIB);
      const after = await yard.submit({ entrypoint: 'true' });
      expect(await yard.outcomeOf(after)).toMatchObject({ kind: 'completed' });
    },
  );

  test('where snapshots cannot be written, a submit says so; the rest works', async () => {
    const dataDir = path.join(makeDirectory(), 'data');
    const yard = await openYard({ dataDir });
    const snapshots = path.join(dataDir, 'snapshots');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'switchyard-test', snapshots]);
    onTestFinished(() => {
      execFileSync('umount', ['--lazy', snapshots]);
    });
    const source = makeDirectory();
    writeFileSync(path.join(source, 'train.py'), '');
    const config = { entrypoint: 'true', runtime: 'process' };
    const problem = await refusal(yard.engine.api.submit({ config, source: { kind: 'directory', path: source } }));
    expect(problem).toMatchObject({
      code: 'snapshots_unwritable',
      detail: expect.stringContaining(`${snapshots}, where snapshots are kept, cannot be written (EROFS)`),
      remedy: expect.stringContaining('mounted read-only'),
    });
    expect(await yard.outcomeOf(await yard.submit({ entrypoint: 'true' }))).toMatchObject({ kind: 'completed' });
  });
});
