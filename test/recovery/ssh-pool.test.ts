/**
 * A pool on a machine over SSH, whole: the real command line, the engine in a process of its own, a real sshd, the real agent, and an
 * nvidia-smi of its own on the far side.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GpuStatus } from '../../electron/contract/gpus.ts';
import type { Pool } from '../../electron/contract/pools.ts';
import { createFakeGpus, type FakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { waitUntil } from '../support/processes.ts';
import { sshdObstacle, startSshd, type TestSshd } from '../support/sshd.ts';
import { makeDirectory, openYard, refusal, type Yard } from '../support/yard.ts';

const CLI = path.join(import.meta.dirname, '../../electron/cli.ts');
const DEADLINE_MS = 120_000;
/** Waits for `go` in its working directory there. */
const WAITS = 'import os, time\nwhile not os.path.exists("go"): time.sleep(0.02)\n';

interface More {
  readonly runtime?: 'process';
  readonly resources?: { readonly slots: number };
}

interface Far extends Yard {
  readonly sshd: TestSshd;
  readonly smi: FakeGpus;
  /** Runs the command line against this engine. @returns its exit code and words */
  readonly cli: (...args: readonly string[]) => Promise<{ readonly code: number | undefined; readonly said: string }>;
  readonly submitTo: (pool: string, python: string, more?: More) => Promise<number>;
  readonly log: (id: number, attempt?: number) => string;
  readonly homes: () => readonly string[];
  readonly letGo: () => void;
  readonly place: string;
  readonly attempts: (
    id: number,
  ) => Promise<readonly { readonly runtime: string; readonly slots: readonly string[] }[]>;
}

async function openFar(): Promise<Far> {
  const dir = makeDirectory();
  const smi = createFakeGpus(dir, [{ name: 'NVIDIA Far 24' }, { name: 'NVIDIA Far 24' }]);
  const sshd = await startSshd({ path: [path.dirname(smi.env['SWITCHYARD_NVIDIA_SMI'] ?? '')], env: smi.env });
  onTestFinished(() => sshd.remove());
  const yard = await openYard({ env: { PATH: sshd.env['PATH'] ?? '' } });
  const root = path.join(sshd.home, '.switchyard-agent');
  const engines = (): string[] => (existsSync(root) ? readdirSync(root).filter((name) => name !== 'agents') : []);
  const homes = (): string[] =>
    engines().flatMap((engine) => {
      const run = path.join(root, engine, 'run');
      return existsSync(run) ? readdirSync(run).map((name) => path.join(run, name)) : [];
    });
  return {
    ...yard,
    sshd,
    smi,
    homes,
    get place() {
      return path.join(root, engines()[0] ?? '');
    },
    async cli(...args) {
      const done = await execa(process.execPath, [CLI, ...args], {
        reject: false,
        all: true,
        env: { ...sshd.env, SWITCHYARD_HOME: yard.engine.dataDir },
      });
      return { code: done.exitCode, said: done.all };
    },
    async submitTo(pool, python, more: More = {}) {
      const config = {
        entrypoint: ['python3', '-c', python],
        ...more,
        resources: { pool, ...more.resources },
      };
      const { trialIds } = await yard.engine.api.submit({ config: config as never, source: { kind: 'none' } });
      return trialIds[0] ?? 0;
    },
    log: (id, attempt = 1) => {
      const file = path.join(yard.engine.dataDir, 'trials', String(id), 'attempts', String(attempt), 'log');
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
    letGo: () => {
      for (const home of homes())
        if (existsSync(path.join(home, 'work'))) writeFileSync(path.join(home, 'work', 'go'), '');
    },
    attempts: async (id) => (await yard.engine.api.trial(id)).attempts,
  };
}

const reasonOf = async (far: Far, id: number): Promise<string> =>
  (await far.engine.api.state()).plan.waiting.find((one) => one.trialId === id)?.reason.text ?? '';

describe.skipIf(sshdObstacle() !== null)('a pool on a machine over SSH', { timeout: 240_000 }, () => {
  test('added on the command line; a trial on its GPU survives the engine, and comes home as it was', async () => {
    const far = await openFar();
    expect(await far.cli('cloud', 'check', 'gpu-box')).toMatchObject({
      code: 0,
      said: expect.stringContaining('2 x NVIDIA Far 24') as string,
    });
    expect(await far.cli('cloud', 'check', 'nowhere.invalid')).toMatchObject({ code: 4 });
    expect((await far.cli('cloud', 'add-machine', 'gpu-box')).code).toBe(0);
    await waitUntil(
      'its GPUs are read',
      async () => {
        const { slots } = await far.engine.api.call<GpuStatus>('GET', '/gpus');
        return slots.filter(({ poolId, placeable }) => poolId === 'gpu-box' && placeable).length === 2;
      },
      DEADLINE_MS,
    );
    const bytes = 'bytes(range(256)) * 20000';
    const id = await far.submitTo(
      'gpu-box',
      [
        'import os, switchyard',
        'print("sees", os.environ["CUDA_VISIBLE_DEVICES"], flush=True)',
        WAITS,
        'for step in range(3): switchyard.metrics(step, loss=1.0 / (step + 1))',
        'with switchyard.save_checkpoint(step=3) as at: open(at + "/model", "wb").write(' + bytes + ')',
        'open(os.path.join(switchyard.output_dir(), "result"), "wb").write(' + bytes + ')',
        'for line in range(20000): print("line", line)',
        'raise SystemExit(3)',
      ].join('\n'),
      { resources: { slots: 1 } },
    );
    await waitUntil('it runs there', () => far.log(id).includes('sees'), DEADLINE_MS);
    const [attempt] = await far.attempts(id);
    expect(attempt).toMatchObject({ runtime: 'remote', slots: [`gpu-box/${far.smi.uuids[0] ?? ''}`] });
    expect(far.log(id)).toBe(`sees ${far.smi.uuids[0] ?? ''}\n`);
    const refused = await refusal(far.engine.api.call('DELETE', '/pools/gpu-box'));
    expect(refused.code).toBe('pool_in_use');

    await far.engine.kill9();
    far.letGo();
    await waitUntil('it ended there', () => existsResult(far.place), DEADLINE_MS);
    await far.engine.restart();
    expect(await far.outcomeOf(id, DEADLINE_MS)).toMatchObject({ kind: 'failed', exitCode: 3 });
    const expected = Buffer.concat(
      Array.from({ length: 20_000 }, () => Buffer.from(Array.from({ length: 256 }, (_, i) => i))),
    );
    const dir = path.join(far.engine.dataDir, 'trials', String(id));
    for (const file of ['checkpoints/step-3/model', 'output/result'])
      expect(hashOf(readFileSync(path.join(dir, file)))).toBe(hashOf(expected));
    expect(far.log(id)).toBe(
      `sees ${far.smi.uuids[0] ?? ''}\n${Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join('')}`,
    );
    expect(await far.attempts(id)).toHaveLength(1);
    await waitUntil('nothing of it is left there', () => far.homes().length === 0, DEADLINE_MS);
    await waitUntil(
      'nor of its objects',
      () => readdirSync(path.join(far.place, 'box')).every((name) => ['packs', '.drafts'].includes(name)),
      DEADLINE_MS,
    );
    expect(readdirSync(far.sshd.home)).toEqual(['.switchyard-agent']);
  });

  test('a running trial moves there with its checkpoint, goes on from it, and moves back', async () => {
    const far = await openFar();
    await far.cli('cloud', 'add-machine', 'gpu-box', '--name', 'Far', '--id', 'far');
    expect(await far.cli('cloud', 'set', 'Far', '--setup', 'export GREETING=hello')).toMatchObject({ code: 0 });
    const python = [
      'import os, signal, sys, time, switchyard',
      'print(os.environ.get("GREETING"))',
      'at = switchyard.latest_checkpoint()',
      'step = int(open(str(at) + "/step").read()) if at else 0',
      'print("from", step, flush=True)',
      'def save():',
      '    with switchyard.save_checkpoint(step=step) as to: open(str(to) + "/step", "w").write(str(step))',
      'while not os.path.exists("go"):',
      '    time.sleep(0.05)',
      '    if switchyard.should_stop():',
      '        step += 10',
      '        save()',
      '        sys.exit(0)',
      'print("done", step)',
    ].join('\n');
    const id = await far.submitTo('workstation', python, { resources: { slots: 0 }, runtime: 'process' });
    await waitUntil('it runs here', () => far.log(id).includes('from 0'), DEADLINE_MS);
    const dry = await far.cli('move', String(id), '--pool', 'Far', '--dry-run', '--json');
    expect(JSON.parse(dry.said)).toMatchObject({
      pool: { id: 'far', kind: 'ssh' },
      after: expect.any(Array) as unknown,
    });
    expect((await far.attempts(id)).length).toBe(1);
    expect((await far.cli('move', String(id), '--pool', 'far', '--yes')).code).toBe(0);
    await waitUntil('it goes on there', () => far.log(id, 2) === 'hello\nfrom 10\n', DEADLINE_MS);
    expect((await far.cli('move', String(id), '--pool', 'workstation', '--yes')).code).toBe(0);
    await waitUntil('it goes on here', () => far.log(id, 3).includes('from 20'), DEADLINE_MS);
    writeFileSync(path.join(far.engine.dataDir, 'trials', String(id), 'work', 'go'), '');
    expect(await far.outcomeOf(id, DEADLINE_MS)).toMatchObject({ kind: 'completed' });
    expect((await far.attempts(id)).map(({ runtime }) => runtime)).toEqual(['process', 'remote', 'process']);
    await far.cli('pool', 'rm', 'far');
    expect((await far.engine.api.call<{ pools: Pool[] }>('GET', '/pools')).pools).toHaveLength(1);
  });

  test('while it is not reached, its trial goes on, its queue says why it waits, and trials here start', async () => {
    const far = await openFar();
    await far.cli('cloud', 'add-machine', 'gpu-box');
    const running = await far.submitTo('gpu-box', `print("before", flush=True)\n${WAITS}print("after")`, {
      resources: { slots: 0 },
    });
    await waitUntil('it runs there', () => far.log(running).includes('before'), DEADLINE_MS);
    await far.sshd.stop();
    far.letGo();
    const waiting = await far.submitTo('gpu-box', 'print("later")', { resources: { slots: 1 } });
    await waitUntil(
      'it says why it waits',
      async () => /nothing listens|cannot be reached/.test(await reasonOf(far, waiting)),
      DEADLINE_MS,
    );
    const here = await far.submitTo('workstation', 'print("here")', { resources: { slots: 0 }, runtime: 'process' });
    expect(await far.outcomeOf(here, DEADLINE_MS)).toMatchObject({ kind: 'completed' });
    await waitUntil('it ended there', () => existsResult(far.place), DEADLINE_MS);
    await far.engine.kill9();
    await far.engine.restart();
    await far.sshd.start();
    expect(await far.outcomeOf(running, DEADLINE_MS)).toMatchObject({ kind: 'completed' });
    expect(far.log(running)).toBe('before\nafter\n');
    expect(await far.outcomeOf(waiting, DEADLINE_MS)).toMatchObject({ kind: 'completed' });
  });

  test('the connection cut again and again, and sshd started anew: every byte of the log once', async () => {
    const far = await openFar();
    await far.cli('cloud', 'add-machine', 'gpu-box');
    const python = [
      'import time',
      'for line in range(4000):',
      '    print("line", line, flush=True)',
      '    time.sleep(0.002)',
      'print("end")',
    ].join('\n');
    const id = await far.submitTo('gpu-box', python, { resources: { slots: 0 } });
    await waitUntil('it runs there', () => far.log(id).includes('line'), DEADLINE_MS);
    const ended = far.outcomeOf(id, DEADLINE_MS);
    const run = { isOver: false };
    void ended.finally(() => (run.isOver = true));
    for (let cuts = 1; !run.isOver && cuts <= 15; cuts += 1) {
      const before = far.log(id).length;
      if (cuts % 5 === 0) {
        await far.sshd.stop();
        await far.sshd.start();
      } else far.sshd.cut();
      await waitUntil('it goes on', () => run.isOver || far.log(id).length > before, DEADLINE_MS);
    }
    expect(await ended).toMatchObject({ kind: 'completed' });
    expect(far.log(id)).toBe(`${Array.from({ length: 4000 }, (_, line) => `line ${line}\n`).join('')}end\n`);
  });

  test('GPUs there that others use are not taken, and the reason names them', async () => {
    const far = await openFar();
    for (const uuid of far.smi.uuids) far.smi.addForeign(uuid, { pid: process.pid, name: 'jupyter', usedMiB: 9000 });
    await far.cli('cloud', 'add-machine', 'gpu-box');
    const id = await far.submitTo('gpu-box', 'print("mine")', { resources: { slots: 1 } });
    await waitUntil('it says who', async () => (await reasonOf(far, id)).includes('jupyter'), DEADLINE_MS);
    far.smi.removeForeign(process.pid);
    expect(await far.outcomeOf(id, DEADLINE_MS)).toMatchObject({ kind: 'completed' });
  });
});

function existsResult(place: string): boolean {
  const look = (dir: string): boolean =>
    existsSync(dir) &&
    readdirSync(dir, { withFileTypes: true }).some((entry) =>
      entry.isDirectory() ? look(path.join(dir, entry.name)) : entry.name === 'RESULT.json',
    );
  return look(path.join(place, 'box'));
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
