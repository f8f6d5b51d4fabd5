/** A clock that jumps: an engine in this process with a wall clock that can be set, and real trials. */
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEngine } from '../../electron/engine/engine.ts';
import { createApiClient, type ApiClient } from '../support/api-client.ts';
import { openMirror, type Mirror } from '../support/mirror.ts';
import { listTrialProcesses } from '../support/processes.ts';
import { makeDirectory } from '../support/yard.ts';

const DAY_MS = 86_400_000;

interface JumpyYard {
  readonly api: ApiClient;
  readonly mirror: Mirror;
  readonly jump: (ms: number) => void;
  readonly submit: (config: Record<string, unknown>) => Promise<number>;
}

async function openJumpyYard(): Promise<JumpyYard> {
  const dataDir = path.join(makeDirectory(), 'data');
  let offsetMs = 0;
  const engine = await startEngine({
    dataDir,
    shell: 'headless',
    version: '0',
    dockerHost: 'unix:///nonexistent/docker.sock',
    nvidiaSmi: '/nonexistent/nvidia-smi',
    clock: { nowMs: () => Date.now() + offsetMs, monotonicMs: () => performance.now() },
  });
  const api = createApiClient((request) => engine.fetch(request));
  const mirror = await openMirror(api);
  onTestFinished(async () => {
    mirror.close();
    await engine.close();
    for (const { pid } of listTrialProcesses(dataDir)) process.kill(pid, 'SIGKILL');
  });
  await api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 4 } });
  return {
    api,
    mirror,
    jump: (ms) => {
      offsetMs += ms;
    },
    async submit(config) {
      const { trialIds } = await api.submit({ config: { runtime: 'process', ...config }, source: { kind: 'none' } });
      return trialIds[0] ?? 0;
    },
  };
}

/** A whole trial, from submit to done: everything that was about to happen before has happened then. */
async function runOne({ submit, mirror }: JumpyYard): Promise<void> {
  const id = await submit({ entrypoint: 'true' });
  await mirror.waitFor('a trial runs to its end', ({ trials }) => trials.get(id)?.state === 'done');
}

describe('a clock that jumps', () => {
  test.each([
    ['forward', DAY_MS],
    ['back', -DAY_MS],
  ])(
    '%s by a day: time limits and grace periods are not cut short, and it is told',
    { timeout: 60_000 },
    async (_, jumpMs) => {
      const yard = await openJumpyYard();
      const limited = await yard.submit({ entrypoint: 'sleep 600', time_limit_s: 3600 });
      const deaf = await yard.submit({ entrypoint: `trap '' TERM; echo deaf; sleep 600`, grace_period_s: 600 });
      await yard.mirror.waitFor('both run', ({ trials }) =>
        [limited, deaf].every((id) => trials.get(id)?.state === 'running'),
      );
      await yard.api.act({ action: 'pause', trialIds: [deaf] });
      yard.jump(jumpMs);
      // Each of these looks at the deadlines again.
      await yard.api.act({ action: 'freeze', trialIds: [limited] });
      await yard.api.act({ action: 'unfreeze', trialIds: [limited] });
      await yard.api.act({ action: 'cancel', trialIds: [deaf] });
      await runOne(yard);
      expect((await yard.api.trial(limited)).trial).toMatchObject({ state: 'running', stop: null });
      expect((await yard.api.trial(deaf)).trial).toMatchObject({ state: 'stopping', stop: { kind: 'cancel' } });
      await yard.mirror.waitFor('the jump is told', ({ notices }) =>
        notices.some((notice) => notice.id === 'clock_jump' && notice.text.includes('1440 min')),
      );
      await yard.api.act({ action: 'kill', trialIds: [limited, deaf] });
      await yard.mirror.waitFor('both are done', ({ trials }) =>
        [limited, deaf].every((id) => trials.get(id)?.state === 'done'),
      );
    },
  );

  test('back while a failed trial waits to be restarted: it waits its second, not a day', async () => {
    const yard = await openJumpyYard();
    const id = await yard.submit({ entrypoint: 'exit 3', max_restarts: 2 });
    await yard.mirror.waitFor('it is held back', ({ trials }) => trials.get(id)?.restarts === 1);
    yard.jump(-DAY_MS);
    await yard.mirror.waitFor('it is restarted', ({ trials }) => trials.get(id)?.restarts === 2);
    // A clock that is merely set right makes no hold last for ever either.
    yard.jump(-2_000);
    const done = await yard.mirror.waitFor(
      'it is done',
      ({ trials }) => trials.get(id)?.state === 'done' && trials.get(id),
    );
    expect(done).toMatchObject({ outcome: { kind: 'failed', exitCode: 3 }, restarts: 2 });
  });

  test('a time limit still ends a trial after a jump back', async () => {
    const yard = await openJumpyYard();
    const id = await yard.submit({ entrypoint: 'sleep 600', time_limit_s: 1.5, grace_period_s: 1 });
    await yard.mirror.waitFor('it runs', ({ trials }) => trials.get(id)?.state === 'running');
    yard.jump(-DAY_MS);
    await yard.api.act({ action: 'freeze', trialIds: [id] });
    await yard.api.act({ action: 'unfreeze', trialIds: [id] });
    const done = await yard.mirror.waitFor(
      'it is stopped',
      ({ trials }) => trials.get(id)?.state === 'done' && trials.get(id),
    );
    expect(done).toMatchObject({ outcome: { kind: 'failed', code: 'time_limit' } });
  });
});
