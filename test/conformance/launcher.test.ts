/** The starter and who speaks to it: what holds without it must hold with it, and when it dies or cannot be had. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { AttemptHandle, ExitInfo, LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { createLauncher } from '../../native/process/launcher.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import { waitUntil } from '../support/processes.ts';
import { createLab, STARTER, systemClock } from '../support/runtime-lab.ts';

const parentOf = (pid: number | string | null): number =>
  Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(STARTER === null)('the starter', () => {
  const lab = createLab(null);
  const runtimes: TrialRuntime[] = [];

  function newRuntime(starter: string | null = STARTER): TrialRuntime {
    const runtime = createProcessRuntime({ clock: systemClock, launcher: createLauncher(starter) });
    runtimes.push(runtime);
    return runtime;
  }

  async function sleeper(
    runtime: TrialRuntime,
  ): Promise<{ readonly handle: AttemptHandle; readonly starterPid: number; readonly exit: Promise<ExitInfo> }> {
    const handle = await lab.launch(runtime, lab.plan({ argv: ['sleep', '600'] }));
    const { exit } = runtime.attach(handle);
    const starterPid = parentOf(handle.ref);
    expect(starterPid).not.toBe(process.pid);
    return { handle, starterPid, exit };
  }

  const shell = (script: string, plan: Partial<LaunchSpec> = {}): LaunchSpec =>
    lab.plan({ ...plan, argv: ['sh', '-c', script] });

  afterAll(() => {
    lab.close();
  });
  afterEach(async () => {
    for (const runtime of runtimes.splice(0)) {
      await runtime.sweep(lab.engineId, new Set());
      await runtime.close();
    }
  });

  test('starts all of them, and none of its own descriptors, signals or variables reach a program', async () => {
    const runtime = newRuntime();
    const specs = Array.from({ length: 30 }, (_, i) =>
      lab.plan({ argv: ['sh', '-c', `echo "hello ${i}"; exit ${i % 7}`] }),
    );
    const exits = await Promise.all(specs.map((spec) => lab.run(runtime, spec)));
    expect(exits.map(({ exitCode }) => exitCode)).toEqual(specs.map((_, i) => i % 7));
    expect(specs.map((spec) => lab.log(spec))).toEqual(specs.map((_, i) => `hello ${i}\n`));
    const programs: string[] = [];
    for (const by of [runtime, newRuntime(null)]) {
      const spec = lab.plan({
        argv: ['python3', '-c', LOOK_AROUND],
        env: { UMLAUT: 'ü\nß', PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nowhere' },
        envIsWhole: true,
      });
      expect(await lab.run(by, spec)).toMatchObject({ exitCode: 0 });
      programs.push(lab.log(spec).replaceAll(spec.attemptId, 'ID').replaceAll(spec.workDir, 'WORK'));
    }
    // Just as a shell starts them.
    expect(programs[0]).toBe(programs[1]);
  });

  test('what cannot be started is told in the same words, and programs end with the same codes', async () => {
    const tooLong = { argv: ['echo', ...Array.from({ length: 40 }, () => 'x'.repeat(100_000))] };
    const direct = newRuntime(null);
    const runtime = newRuntime();
    const refusal = await lab.launch(runtime, lab.plan(tooLong)).catch((error: unknown) => error);
    expect(refusal).toEqual(await lab.launch(direct, lab.plan(tooLong)).catch((error: unknown) => error));
    expect(refusal).toMatchObject({ name: 'LaunchError', code: 'launch_failed' });
    const noFile = shell('true');
    mkdirSync(noFile.logPath);
    expect(await lab.launch(runtime, noFile).catch((error: unknown) => error)).toMatchObject({ name: 'LaunchError' });
    for (const script of ['kill -TERM $$', 'kill -KILL $$', 'exit 255', 'no-such-program', './not-a-program']) {
      const ends = [];
      for (const by of [runtime, direct]) {
        const spec = shell(script);
        writeFileSync(path.join(lab.workOf(spec), 'not-a-program'), 'ELF?', { mode: 0o755 });
        ends.push({ ...(await lab.run(by, spec)), endedAtMs: 0 });
      }
      expect(ends[0], script).toEqual(ends[1]);
    }
    // Without an interpreter line it is a script of the shell's.
    const spec = lab.plan({ argv: ['./plain', 'a b'] });
    writeFileSync(path.join(lab.workOf(spec), 'plain'), 'echo "plain: $1"; exit 3\n', { mode: 0o755 });
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 3 });
    expect(lab.log(spec)).toBe('plain: a b\n');
  });

  test('a supervisor takes in what is left behind, and nothing of it outlives the attempt', async () => {
    const runtime = newRuntime();
    // Its parent ends at once, it has a session of its own and no variable: only a descendant of the supervisor, while that lives.
    const spec = shell('(setsid env -i sleep 600 >/dev/null 2>&1 & echo $! >left); sleep 0.2; cat left');
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
    const left = Number(lab.log(spec));
    await waitUntil('it is gone', () => !isAlive(left));
    // One that ended before is collected, and the end of the program is not taken for it.
    const quick = shell('(sh -c "exit 9" &); sleep 0.1; exit 4');
    expect(await lab.run(runtime, quick)).toMatchObject({ exitCode: 4 });
  });

  test('is found by the name of its attempt and engine, also where the program has cleared its variables', async () => {
    const runtime = newRuntime();
    const spec = lab.plan({ argv: ['env', '-i', '/bin/sh', '-c', 'echo up; exec sleep 600'] });
    const handle = await lab.launch(runtime, spec);
    await lab.logged(spec, 'up');
    expect(readFileSync(`/proc/${handle.ref}/environ`, 'utf8').replace(/\0+$/, '').split('\0')).toEqual([
      `SWITCHYARD_ATTEMPT_ID=${spec.attemptId}`,
      `SWITCHYARD_ENGINE_ID=${lab.engineId}`,
    ]);
    expect(await newRuntime().sweep(lab.engineId, new Set())).toEqual([spec.attemptId]);
    await waitUntil('it is gone', () => !isAlive(Number(handle.ref)));
  });

  test('a wish to end that comes for the whole group does not end the supervisor', async () => {
    const runtime = newRuntime();
    const spec = shell('trap "echo asked; exit 7" TERM; echo up; while :; do sleep 0.02; done');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'up');
    process.kill(-Number(handle.ref), 'SIGTERM');
    expect(await exit).toMatchObject({ exitCode: 7 });
    expect(lab.log(spec)).toContain('asked');
  });

  test('when it dies, running programs go on and their ends are learned; new ones start', async () => {
    const runtime = newRuntime();
    const { handle, starterPid, exit } = await sleeper(runtime);
    const ending = shell('echo up; read line <gate; exit 5');
    execFileSync('mkfifo', ['gate'], { cwd: lab.workOf(ending) });
    const endingExit = runtime.attach(await lab.launch(runtime, ending)).exit;
    await lab.logged(ending, 'up');
    process.kill(starterPid, 'SIGKILL');
    const after = await Promise.all(Array.from({ length: 10 }, () => lab.run(runtime, lab.plan({ argv: ['true'] }))));
    expect(after.map(({ exitCode }) => exitCode)).toEqual(after.map(() => 0));
    execFileSync('sh', ['-c', 'echo go >gate'], { cwd: lab.workOf(ending) });
    expect(await endingExit).toMatchObject({ exitCode: 5, lost: false });
    await runtime.kill(handle);
    expect(await exit).toMatchObject({ lost: false });
  });

  test('it ends with the runtime, and what it started goes on', async () => {
    const runtime = newRuntime();
    const { handle, starterPid } = await sleeper(runtime);
    await runtime.close();
    await waitUntil('the starter has ended', () => !isAlive(starterPid));
    const next = newRuntime();
    expect(await next.recover(handle)).toMatchObject({ kind: 'running', ref: handle.ref });
    const { exit } = next.attach(handle);
    await next.kill(handle);
    expect(await exit).toMatchObject({ signal: 'SIGKILL' });
  });

  test('one that cannot be run, or does nothing, is done without', async () => {
    const file = path.join(lab.workOf(shell('true')), 'starter');
    for (const [content, mode] of [
      [readFileSync(STARTER ?? ''), 0o644],
      ['#!/bin/sh\nexit 1\n', 0o755],
      ['no program', 0o755],
    ] as const) {
      writeFileSync(file, content, { mode });
      execFileSync('chmod', [mode.toString(8), file]);
      const runtime = newRuntime(file);
      for (let i = 0; i < 3; i++) expect(await lab.run(runtime, shell(`exit ${i}`))).toMatchObject({ exitCode: i });
    }
  });
});

const LOOK_AROUND = `
import os, sys, resource
print(sorted(os.listdir('/proc/self/fd')), os.readlink('/proc/self/fd/0'), os.getcwd())
print([l for l in open('/proc/self/status') if l[:3] in ('Sig', 'Shd') and l[:6] != 'SigQ:\\t'])
print(sorted(k + '=' + v for k, v in os.environ.items() if k != '_'))
print(os.getpgid(0) == os.getppid(), os.getsid(0) == os.getppid(), resource.getrlimit(resource.RLIMIT_NOFILE))
sys.stderr.write('error too\\n')
`;
