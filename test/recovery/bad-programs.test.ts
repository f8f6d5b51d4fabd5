/** Trial programs that do not behave: nothing hangs, nothing is left running, and the outcome says what happened. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LogInfo } from '../../electron/contract/trials.ts';
import { listTrialProcesses, waitUntil } from '../support/processes.ts';
import { openYard, type Yard } from '../support/yard.ts';

const MIB = 1024 * 1024;

function nothingRuns({ engine }: Yard): Promise<true> {
  return waitUntil(
    'no process of a trial is left',
    () => listTrialProcesses(engine.dataDir).length === 0 || undefined,
    10_000,
  ).then(() => true);
}

/** Waits until the program said so in its log: only then it is where the test wants it. */
async function hasSaid({ engine }: Yard, trialId: number, word: string): Promise<void> {
  await waitUntil(
    `#${trialId} says ${word}`,
    async () => (await engine.api.log(trialId, 1).catch(() => '')).includes(word) || undefined,
  );
}

describe('a command that is not there', () => {
  test('given as a list or in a shell line: failed once, with the name, never restarted', async () => {
    const yard = await openYard();
    const listed = await yard.submit({ entrypoint: ['./no-such-program-here', '--x'], max_restarts: 3 });
    const shell = await yard.submit({ entrypoint: 'cd . && no-such-program-here --x', max_restarts: 3 });
    expect(await yard.outcomeOf(listed)).toMatchObject({
      kind: 'failed',
      code: 'command_missing',
      message: expect.stringContaining('no-such-program-here'),
      remedy: expect.stringMatching(/\w/),
    });
    expect(await yard.outcomeOf(shell)).toMatchObject({
      kind: 'failed',
      code: 'command_missing',
      exitCode: 127,
      remedy: expect.stringContaining('log'),
    });
    expect(await yard.engine.api.log(shell, 1)).toContain('no-such-program-here');
    for (const id of [listed, shell])
      expect((await yard.engine.api.trial(id)).trial).toMatchObject({ restarts: 0, attempt: 1 });
  });
  test('on no PATH: refused at submit', async () => {
    const yard = await openYard();
    for (const entrypoint of [['no-such-program-here'], 'no-such-program-here --x'])
      await expect(yard.submit({ entrypoint })).rejects.toThrow('no-such-program-here');
  });
});

describe('a program that will not go', () => {
  test('ignores SIGTERM: killed after its grace period, paused as asked, and resumed', async () => {
    const yard = await openYard();
    const id = await yard.submit({ entrypoint: `trap '' TERM; echo deaf; sleep 600`, grace_period_s: 0.5 });
    await hasSaid(yard, id, 'deaf');
    await yard.engine.api.act({ action: 'pause', trialIds: [id] });
    await yard.engine.waitFor('it is paused', ({ trials }) => trials.get(id)?.state === 'paused');
    await nothingRuns(yard);
    const history = (await yard.engine.api.trial(id)).history.map(({ text }) => text).join('\n');
    expect(history).toContain('Did not stop within 0.5 s: killed');
    await yard.engine.api.act({ action: 'resume', trialIds: [id] });
    await yard.engine.waitFor('it runs again', ({ trials }) => trials.get(id)?.state === 'running');
    await yard.engine.api.act({ action: 'kill', trialIds: [id] });
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'canceled', code: 'killed' });
    await nothingRuns(yard);
  });

  test('the engine dies within the grace period: the next one keeps the wish and ends it', async () => {
    const yard = await openYard();
    const id = await yard.submit({ entrypoint: `trap '' TERM; echo deaf; sleep 600`, grace_period_s: 1 });
    await hasSaid(yard, id, 'deaf');
    await yard.engine.api.act({ action: 'cancel', trialIds: [id] });
    await yard.engine.kill9();
    await yard.engine.restart();
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'canceled' });
    await nothingRuns(yard);
  });

  test('the engine is stopped in order: what runs runs on, and the next engine takes it up with its whole log', async () => {
    const yard = await openYard();
    const id = await yard.submit({
      entrypoint: `echo before; while [ ! -e ${yard.dir}/go ]; do sleep 0.05; done; echo after`,
    });
    await hasSaid(yard, id, 'before');
    expect(await yard.engine.stop()).toBe(0);
    expect(listTrialProcesses(yard.engine.dataDir).length).toBeGreaterThan(0);
    writeFileSync(path.join(yard.dir, 'go'), '');
    await nothingRuns(yard);
    await yard.engine.restart();
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
    expect(await yard.engine.api.log(id, 1)).toBe('before\nafter\n');
    expect((await yard.engine.api.trial(id)).trial.attempt).toBe(1);
  });

  test('leaves children in sessions of their own: they end with it, however it ends', async () => {
    const yard = await openYard();
    const fork = 'setsid sleep 600 & (setsid sh -c "sleep 600 & exec sleep 600" &) ; echo forked';
    const completes = await yard.submit({ entrypoint: fork });
    expect(await yard.outcomeOf(completes)).toMatchObject({ kind: 'completed' });
    await nothingRuns(yard);
    const canceled = await yard.submit({ entrypoint: `${fork}; sleep 600`, grace_period_s: 0.5 });
    await hasSaid(yard, canceled, 'forked');
    await yard.engine.api.act({ action: 'cancel', trialIds: [canceled] });
    expect(await yard.outcomeOf(canceled)).toMatchObject({ kind: 'canceled' });
    await nothingRuns(yard);
    const orphaned = await yard.submit({ entrypoint: `${fork}; sleep 0.2` });
    await hasSaid(yard, orphaned, 'forked');
    await yard.engine.kill9();
    await yard.engine.restart();
    expect(await yard.outcomeOf(orphaned)).toMatchObject({ kind: 'completed' });
    await nothingRuns(yard);
  });
});

describe.skipIf(process.platform !== 'linux')('a program that talks too much (the cap needs Linux)', () => {
  test(
    '1 GB of output: head and tail stay, the gap is told, the disk is given back',
    { timeout: 120_000 },
    async () => {
      const yard = await openYard();
      await yard.engine.api.call('PATCH', '/settings', { logCapMiB: 8 });
      const id = await yard.submit({
        entrypoint:
          'echo the very first line; head -c 1000000000 /dev/zero | tr "\\0" "x" | fold -w 99; echo; echo the very last line',
      });
      expect(await yard.outcomeOf(id, 90_000)).toMatchObject({ kind: 'completed' });
      const log = path.join(yard.engine.dataDir, 'trials', String(id), 'attempts', '1', 'log');
      await waitUntil('the log is within its cap', () => statSync(log).blocks * 512 <= 9 * MIB || undefined);
      const info = await yard.engine.api.call<LogInfo>('GET', `/trials/${id}/attempts/1/log/info`);
      expect(info.totalBytes).toBeGreaterThan(1_000_000_000);
      expect(info.dropped.reduce((sum, { from, to }) => sum + to - from, 0)).toBeGreaterThan(info.totalBytes - 9 * MIB);
      const whole = await yard.engine.api.log(id, 1);
      expect(whole.startsWith('the very first line\nxxx')).toBe(true);
      expect(whole.endsWith('xxx\n\nthe very last line\n') || whole.endsWith('xxx\nthe very last line\n')).toBe(true);
      expect(whole.includes('\0')).toBe(false);
    },
  );

  test('a single line of 20 MB without a newline: read, searched and finished like any other', async () => {
    const yard = await openYard();
    const id = await yard.submit({ entrypoint: 'printf begin; head -c 20000000 /dev/zero | tr "\\0" "y"; printf end' });
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
    const info = await yard.engine.api.call<LogInfo>('GET', `/trials/${id}/attempts/1/log/info`);
    expect(info).toMatchObject({ totalBytes: 20_000_008, dropped: [], live: false });
    const tail = await (await yard.engine.api.raw(`/trials/${id}/attempts/1/log?offset=-8&limit=100`)).text();
    expect(tail).toBe('yyyyyend');
    const { hits } = await yard.engine.api.call<{ hits: { offset: number; line: string }[] }>(
      'GET',
      `/trials/${id}/attempts/1/log/search?q=begin`,
    );
    expect(hits).toHaveLength(1);
    expect(hits[0]?.line.length).toBeLessThan(100_000);
    expect(existsSync(path.join(yard.engine.dataDir, 'engine.sock'))).toBe(true);
  });
});
