/**
 * The TrialRuntime: what every implementation must do, on the fake, on plain processes and on a real Docker engine.
 * What only one of them can show is in docker-runtime.test.ts and process-runtime.test.ts.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { createDockerRuntime } from '../../native/docker/docker-runtime.ts';
import { createLauncher } from '../../native/process/launcher.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import { createFakeMachine, fakeArgv } from '../fakes/runtime.ts';
import type { FakeProgram } from '../fakes/runtime.ts';
import { dockerdObstacle, startDockerd } from '../support/dockerd.ts';
import type { TestDockerd } from '../support/dockerd.ts';
import { createAgentMachine } from '../support/agent-machine.ts';
import { listProcessesOf, waitUntil } from '../support/processes.ts';
import { createRemoteRuntimeOn } from '../support/remote-runtime.ts';
import { createLab, ENTRY_DIR, SUPERVISORS, systemClock } from '../support/runtime-lab.ts';
import type { Lab } from '../support/runtime-lab.ts';

interface Subject {
  readonly lab: Lab;
  /** A new engine's runtime on the same machine. */
  engine(): TrialRuntime;
  /** Where the program believes it works; missing where that is what its description says. */
  readonly seenWorkOf?: (spec: LaunchSpec) => string;
  /** Its processes, where the runtime does not tell because they belong to another machine. */
  readonly pidsOf?: (spec: LaunchSpec) => readonly number[];
  /** Ends what belongs to the test's machine. */
  readonly close?: () => void;
  /** The same program for a shell and for the fake. */
  program(sh: string, fake: FakeProgram): readonly string[];
}

/** Real programs can fork, fill the log and see their environment; the fake's cannot. */
type Reality = 'fake' | 'real';

function conforms(reality: Reality, open: () => Promise<Subject>): void {
  let subject: Subject;
  let lab: Lab;
  let runtime: TrialRuntime;
  const opened: TrialRuntime[] = [];
  beforeEach(async () => {
    subject = await open();
    lab = subject.lab;
    runtime = engine();
  });
  afterEach(async () => {
    await runtime.sweep(lab.engineId, new Set());
    for (const one of opened.splice(0)) await one.close();
    lab.close();
    subject.close?.();
  });
  function engine(): TrialRuntime {
    const made = subject.engine();
    opened.push(made);
    return made;
  }
  const sh = (script: string, fake: FakeProgram): readonly string[] => subject.program(script, fake);
  const real = it.skipIf(reality === 'fake');

  it('runs a program and keeps what it prints', async () => {
    const spec = lab.plan({
      argv: sh('echo one; echo two; printf three', {
        steps: [
          { do: 'print', text: 'one\ntwo\nthree' },
          { do: 'exit', code: 0 },
        ],
      }),
    });
    expect(await lab.run(runtime, spec)).toMatchObject({
      exitCode: 0,
      signal: null,
      oomKilled: false,
      lost: false,
      message: null,
    });
    expect(lab.log(spec)).toBe('one\ntwo\nthree');
  });

  it('reports the exit code and when it ended', async () => {
    const before = Date.now();
    const exit = await lab.run(runtime, lab.plan({ argv: sh('exit 3', { steps: [{ do: 'exit', code: 3 }] }) }));
    expect(exit).toMatchObject({ exitCode: 3, lost: false });
    expect(exit.endedAtMs).toBeGreaterThanOrEqual(before - 1000);
    expect(exit.endedAtMs).toBeLessThanOrEqual(Date.now() + 1000);
  });

  it('starts an attempt once, however often it is launched', async () => {
    const argv = sh('echo started; sleep 0.2', {
      steps: [
        { do: 'print', text: 'started\n' },
        { do: 'sleep', ms: 50 },
        { do: 'exit', code: 0 },
      ],
    });
    const spec = lab.plan({ argv });
    const [first, second] = await Promise.all([lab.launch(runtime, spec), lab.launch(runtime, spec)]);
    const third = await lab.launch(engine(), spec);
    expect([second.ref, third.ref]).toEqual([first.ref, first.ref]);
    await runtime.attach(first).exit;
    expect((await lab.launch(runtime, spec)).ref).toBe(first.ref);
    expect((await lab.launch(engine(), spec)).ref).toBe(first.ref);
    expect(await runtime.recover(first)).toMatchObject({ kind: 'exited', exit: { exitCode: 0 } });
    expect(lab.log(spec)).toBe('started\n');
  });

  it('finds a running attempt again after a restart of the engine, and its whole log once', async () => {
    const spec = lab.plan({
      argv: sh('echo before; while [ ! -e go ]; do sleep 0.02; done; echo after; exit 4', {
        steps: [
          { do: 'print', text: 'before\n' },
          { do: 'sleep', ms: 100 },
          { do: 'print', text: 'after\n' },
          { do: 'exit', code: 4 },
        ],
      }),
    });
    const handle = await lab.launch(runtime, spec);
    const first = runtime.attach(handle);
    await lab.logged(spec, 'before');
    await first.detach();
    await runtime.close();
    const next = engine();
    expect(await next.recover({ ...handle, ref: null })).toEqual({ kind: 'running', ref: handle.ref, frozen: false });
    const attachment = next.attach(handle);
    await touch(spec, 'go');
    expect(await attachment.exit).toMatchObject({ exitCode: 4, lost: false });
    expect(lab.log(spec)).toBe('before\nafter\n');
  });

  it('collects exit code and log of an attempt that ended while nobody watched', async () => {
    const spec = lab.plan({
      argv: sh('echo alone; touch done; exit 5', {
        steps: [
          { do: 'print', text: 'alone\n' },
          { do: 'exit', code: 5 },
        ],
      }),
    });
    const handle = await lab.launch(runtime, spec);
    await runtime.close();
    const next = engine();
    const found = await waitUntil('the attempt ended', async () => {
      const answer = await next.recover(handle);
      return answer.kind === 'exited' && answer;
    });
    expect(found).toMatchObject({ exit: { exitCode: 5, lost: false } });
    expect(await next.attach(handle).exit).toMatchObject({ exitCode: 5 });
    expect(lab.log(spec)).toBe('alone\n');
  });

  it('gives up an attempt that was never launched, for ever', async () => {
    const spec = lab.plan({ argv: sh('touch ran', { steps: [{ do: 'write', file: 'ran', text: '' }] }) });
    expect(await engine().recover(lab.handleOf(spec))).toEqual({ kind: 'absent' });
    await expect(lab.launch(runtime, spec)).rejects.toBeInstanceOf(LaunchError);
    expect(await engine().recover(lab.handleOf(spec))).toEqual({ kind: 'absent' });
    expect(existsSync(path.join(lab.workOf(spec), 'ran'))).toBe(false);
  });

  it('does not start a launch that was cancelled before', async () => {
    const spec = lab.plan({ argv: sh('touch ran', { steps: [] }) });
    await expect(runtime.launch(spec, () => undefined, AbortSignal.abort())).rejects.toBeInstanceOf(LaunchError);
    expect(await runtime.recover(lab.handleOf(spec))).toEqual({ kind: 'absent' });
  });

  it('lets a program save its work on SIGTERM', async () => {
    const spec = lab.plan({
      argv: sh('exec 2>/dev/null; trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.02; done', {
        steps: [{ do: 'print', text: 'ready\n' }],
        onTerm: [
          { do: 'print', text: 'saved\n' },
          { do: 'exit', code: 0 },
        ],
      }),
    });
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await runtime.terminate(handle);
    expect(await exit).toMatchObject({ exitCode: 0, lost: false });
    expect(lab.log(spec)).toBe('ready\nsaved\n');
  });

  it('ends a plain program with SIGTERM and says so', async () => {
    const spec = lab.plan({ argv: sh('echo ready; exec sleep 600', { steps: [{ do: 'print', text: 'ready\n' }] }) });
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await runtime.terminate(handle);
    expect(await exit).toMatchObject({ exitCode: 143, signal: 'SIGTERM', lost: false });
  });

  it('kills what ignores SIGTERM', async () => {
    const spec = lab.plan({
      argv: sh('trap "" TERM; echo ready; while :; do sleep 0.02; done', {
        steps: [{ do: 'print', text: 'ready\n' }],
        onTerm: 'ignore',
      }),
    });
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await runtime.terminate(handle);
    expect(await runtime.recover(handle)).toMatchObject({ kind: 'running' });
    await runtime.kill(handle);
    expect(await exit).toMatchObject({ signal: 'SIGKILL', lost: false });
    await runtime.terminate(handle);
    await runtime.kill(handle);
  });

  it('freezes, remembers it, and goes on', async () => {
    const spec = lab.plan({
      argv: sh('echo ready; while [ ! -e go ]; do sleep 0.02; done; exit 6', {
        steps: [
          { do: 'print', text: 'ready\n' },
          { do: 'sleep', ms: 50 },
          { do: 'exit', code: 6 },
        ],
      }),
    });
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    await runtime.freeze(handle);
    await runtime.freeze(handle);
    await touch(spec, 'go');
    expect(await engine().recover(handle)).toMatchObject({ kind: 'running', frozen: true });
    await runtime.unfreeze(handle);
    expect(await exit).toMatchObject({ exitCode: 6 });
    await runtime.unfreeze(handle);
  });

  it('ends a frozen attempt by terminate as by kill', async () => {
    for (const verb of ['terminate', 'kill'] as const) {
      const spec = lab.plan({ argv: sh('echo ready; exec sleep 600', { steps: [{ do: 'print', text: 'ready\n' }] }) });
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await runtime.freeze(handle);
      await runtime[verb](handle);
      expect(await exit).toMatchObject({ signal: verb === 'kill' ? 'SIGKILL' : 'SIGTERM' });
    }
  });

  it('stops watching without touching the attempt', async () => {
    const spec = lab.plan({ argv: sh('echo ready; exec sleep 600', { steps: [{ do: 'print', text: 'ready\n' }] }) });
    const handle = await lab.launch(runtime, spec);
    const attachment = runtime.attach(handle);
    let settled = false;
    void attachment.exit.then(() => {
      settled = true;
    });
    await attachment.detach();
    expect(await runtime.recover(handle)).toMatchObject({ kind: 'running' });
    const again = runtime.attach(handle);
    await runtime.kill(handle);
    await again.exit;
    expect(settled).toBe(false);
  });

  it('tells two watchers the same end and writes the log once', async () => {
    const spec = lab.plan({
      argv: sh('echo ready; while [ ! -e go ]; do sleep 0.02; done; echo end; exit 2', {
        steps: [
          { do: 'print', text: 'ready\n' },
          { do: 'sleep', ms: 50 },
          { do: 'print', text: 'end\n' },
          { do: 'exit', code: 2 },
        ],
      }),
    });
    const handle = await lab.launch(runtime, spec);
    const ends = [runtime.attach(handle).exit, runtime.attach(handle).exit];
    await lab.logged(spec, 'ready');
    await touch(spec, 'go');
    expect(await Promise.all(ends)).toEqual([
      expect.objectContaining({ exitCode: 2 }),
      expect.objectContaining({ exitCode: 2 }),
    ]);
    expect(lab.log(spec)).toBe('ready\nend\n');
  });

  it('removes an attempt, and removes it again', async () => {
    const spec = lab.plan({ argv: sh('exit 0', { steps: [{ do: 'exit', code: 0 }] }) });
    await lab.run(runtime, spec);
    await runtime.remove(lab.handleOf(spec));
    await runtime.remove(lab.handleOf(spec));
    expect(existsSync(spec.stateDir)).toBe(false);
    expect(await runtime.recover(lab.handleOf(spec))).toEqual({ kind: 'absent' });
  });

  it('sweeps what its engine does not know any more and leaves other engines alone', async () => {
    const argv = sh('exec sleep 600', { steps: [] });
    const kept = lab.plan({ argv });
    const lost = lab.plan({ argv });
    const foreign = lab.plan({ argv, engineId: `${lab.engineId}x`, attemptId: `${lab.engineId}x-t1-a1` });
    for (const spec of [kept, lost, foreign]) await lab.launch(runtime, spec);
    try {
      expect(await engine().sweep(lab.engineId, new Set([kept.attemptId]))).toEqual([lost.attemptId]);
      expect(await runtime.recover(lab.handleOf(kept))).toMatchObject({ kind: 'running' });
      expect(await runtime.recover(lab.handleOf(foreign))).toMatchObject({ kind: 'running' });
      expect(await runtime.pids(lab.handleOf(lost))).toEqual([]);
    } finally {
      await runtime.sweep(foreign.engineId, new Set());
    }
  });

  it('answers for its state', async () => {
    expect(await runtime.status()).toMatchObject({ available: true, problem: null });
    for (const check of await runtime.diagnose()) expect(check.title).not.toBe('');
    runtime.onStatusChange(() => undefined)();
  });

  real('leaves no child alive, not even one that left its process group', async () => {
    const forks = 'sleep 600 & setsid sleep 600 & setsid sh -c "trap \'\' TERM; sleep 600" & echo ready';
    for (const [script, verb] of [
      [`${forks}; wait`, 'kill'],
      [`${forks}; while [ ! -e go ]; do sleep 0.02; done`, 'end'],
    ] as const) {
      const spec = lab.plan({ argv: sh(script, { steps: [] }) });
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      const pids = await waitUntil('all children to show', async () => {
        const now = await pidsOf(spec);
        return now.length >= 4 && now;
      });
      if (verb === 'kill') await runtime.kill(handle);
      else await touch(spec, 'go');
      await exit;
      await waitUntil(`the children end after ${verb}`, () => pids.every((pid) => !isAlive(pid)));
      expect(await pidsOf(spec)).toEqual([]);
    }
  });

  real('keeps 50 MB of output to the last byte', async () => {
    const spec = lab.plan({
      argv: sh(
        'i=0; line=$(printf "%0498d" 7); while [ $i -lt 100 ]; do yes "$line" | head -n 1000; i=$((i+1)); done; printf end',
        { steps: [] },
      ),
    });
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
    const line = `${'7'.padStart(498, '0')}\n`;
    const expected = createHash('sha256');
    for (let i = 0; i < 100; i++) expected.update(line.repeat(1000));
    const actual = createHash('sha256');
    await pipeline(createReadStream(spec.logPath), actual);
    expect(statSync(spec.logPath).size).toBe(100_000 * 499 + 3);
    expect(actual.digest('hex')).toBe(expected.update('end').digest('hex'));
  });

  real("gives a program its environment, its leased GPUs and nothing of the engine's secrets", async () => {
    process.env['SWITCHYARD_PLANTED_SECRET'] = 'planted';
    try {
      const none = lab.plan({
        argv: sh('env', { steps: [] }),
        env: { GREETING: 'good  day "$HOME"', NVIDIA_VISIBLE_DEVICES: 'all' },
      });
      await lab.run(runtime, none);
      const lines = lab.log(none).split('\n');
      expect(lines).toContain('GREETING=good  day "$HOME"');
      expect(lines).toContain('NVIDIA_VISIBLE_DEVICES=void');
      expect(lines).toContain('CUDA_VISIBLE_DEVICES=-1');
      expect(lab.log(none)).not.toContain('planted');
      const two = lab.plan({ argv: sh('env', { steps: [] }), slotUuids: ['GPU-1111', 'GPU-2222'] });
      await lab.run(runtime, two);
      expect(lab.log(two).split('\n')).toEqual(
        expect.arrayContaining(['NVIDIA_VISIBLE_DEVICES=GPU-1111,GPU-2222', 'CUDA_DEVICE_ORDER=PCI_BUS_ID']),
      );
    } finally {
      delete process.env['SWITCHYARD_PLANTED_SECRET'];
    }
  });

  real('passes arguments as they are and runs in the working directory', async () => {
    const script = 'for a in "$@"; do printf "[%s]" "$a"; done; pwd >here';
    const odd = ['a b', '$(touch hacked)', '`id`', '', '*', 'ä\n"'];
    const spec = lab.plan({ argv: ['sh', '-c', script, 'x', ...odd] });
    await lab.run(runtime, spec);
    expect(lab.log(spec)).toBe(odd.map((a) => `[${a}]`).join(''));
    expect(readFileSync(path.join(lab.workOf(spec), 'here'), 'utf8').trim()).toBe(
      subject.seenWorkOf?.(spec) ?? spec.workDir,
    );
  });

  const PLACES = ['work', 'checkpoints', 'output', 'exchange', 'helper'] as const;

  it('says where a trial finds each directory of the host: there, or under its own path', () => {
    const host = { work: '/h/w', checkpoints: '/h/c', output: '/h/o', exchange: '/h/x', helper: '/h/p' };
    const { places, mounts } = runtime.layOut({ ...host, inPlace: false });
    for (const place of PLACES) {
      const mount = mounts.find(({ hostPath }) => hostPath === host[place]);
      expect(places[place]).toBe(mount === undefined ? host[place] : mount.containerPath);
    }
    expect(new Set(PLACES.map((place) => places[place])).size).toBe(PLACES.length);
  });

  real('shows a trial the directories of the host where it said they are', async () => {
    const planned = lab.plan({ argv: sh('', { steps: [] }) });
    const host = Object.fromEntries(
      PLACES.map((place) => [place, path.join(path.dirname(planned.logPath), 'places', place)]),
    ) as Record<(typeof PLACES)[number], string>;
    for (const place of PLACES) {
      mkdirSync(host[place], { recursive: true });
      writeFileSync(path.join(host[place], 'name'), place);
    }
    const { places, paths, mounts } = runtime.layOut({ ...host, inPlace: false });
    const script = 'cat name; for dir; do cat "$dir/name" && echo seen >"$dir/seen"; done';
    const written = (['work', 'checkpoints', 'output', 'exchange'] as const).map((place) => places[place]);
    const argv = ['sh', '-c', `${script}; cat "$HELPER"`, 'x', ...written];
    const env = { HELPER: paths.join(places.helper, 'name') };
    const spec = { ...planned, argv, env, workDir: places.work, mounts };
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
    expect(lab.log(spec)).toBe('workworkcheckpointsoutputexchangehelper');
    for (const place of ['work', 'checkpoints', 'output', 'exchange'] as const)
      expect(readFileSync(path.join(host[place], 'seen'), 'utf8')).toBe('seen\n');
  });

  real('keeps carriage returns and reads nothing from stdin', async () => {
    const spec = lab.plan({ argv: sh('printf "10 %%\\r20 %%\\r"; cat; echo done', { steps: [] }) });
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
    expect(lab.log(spec)).toBe('10 %\r20 %\rdone\n');
  });

  async function pidsOf(spec: LaunchSpec): Promise<readonly number[]> {
    return subject.pidsOf?.(spec) ?? engine().pids(lab.handleOf(spec));
  }

  /** A sign for a waiting script; the fake's scripts wait by time. */
  async function touch(spec: LaunchSpec, name: string): Promise<void> {
    await writeFile(path.join(lab.workOf(spec), name), '');
  }
}

/** @returns false for a zombie too: it waits for its parent, not for us */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('fake runtime', () => {
  conforms('fake', () => {
    const machine = createFakeMachine({ clock: systemClock });
    const lab = createLab(null);
    return Promise.resolve({ lab, engine: () => machine.runtime(), program: (_sh, fake) => fakeArgv(fake) });
  });
});

describe.skipIf(process.platform === 'win32').each(SUPERVISORS)('process runtime, supervised by $by', ({ starter }) => {
  conforms('real', () =>
    Promise.resolve({
      lab: createLab(null),
      engine: () => createProcessRuntime({ clock: systemClock, launcher: createLauncher(starter) }),
      program: (sh) => ['sh', '-c', sh],
    }),
  );
});

/** @param image null = as processes of that machine */
function openElsewhere(image: string | null, env: Readonly<Record<string, string>> = {}): Subject {
  const machine = createAgentMachine({ gpuUuids: ['GPU-1111', 'GPU-2222'], env });
  const engine = (): TrialRuntime => createRemoteRuntimeOn(machine);
  const workOf = (attemptId: string): string => path.join(machine.homeOf(attemptId), 'work');
  return {
    lab: createLab(image, { layOut: engine().layOut, workOf }),
    engine,
    program: (sh) => ['sh', '-c', sh],
    seenWorkOf: ({ attemptId }) => (image === null ? workOf(attemptId) : '/workspace'),
    // Those of a container carry its id too; its first process is none of the program's.
    pidsOf: ({ attemptId }) => listProcessesOf(attemptId),
    close: () => {
      machine.close();
    },
  };
}

describe.skipIf(process.platform !== 'linux')('remote runtime, as processes there', () => {
  conforms('real', () => Promise.resolve(openElsewhere(null)));
});

const obstacle = dockerdObstacle();
describe.skipIf(obstacle !== null)(`docker runtime${obstacle === null ? '' : ` (${obstacle})`}`, () => {
  let dockerd: TestDockerd;
  let image: string;
  beforeAll(async () => {
    dockerd = await startDockerd({ gpuHook: true });
    image = await dockerd.busyboxImage();
  }, 120_000);
  afterAll(async () => {
    await dockerd.stop();
  }, 60_000);
  conforms('real', () => {
    const lab = createLab(image);
    return Promise.resolve({
      lab,
      engine: () =>
        createDockerRuntime({
          clock: systemClock,
          engineId: lab.engineId,
          dockerHost: dockerd.dockerHost,
          entryDir: ENTRY_DIR,
        }),
      program: (sh) => ['sh', '-c', sh],
    });
  });

  describe.skipIf(process.platform !== 'linux')('of a machine elsewhere', () => {
    conforms('real', () => Promise.resolve(openElsewhere(image, { DOCKER_HOST: dockerd.dockerHost })));
  });
});
