/** The process that starts supervisors for the engine in a burst: what holds without it must hold with it, and when it dies. */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { AttemptHandle, ExitInfo, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { createLauncher } from '../../native/process/launcher.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import { waitUntil } from '../support/processes.ts';
import { createLab, systemClock } from '../support/runtime-lab.ts';

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

describe.skipIf(process.platform === 'win32')('the launcher', () => {
  const lab = createLab(null);
  const runtimes: TrialRuntime[] = [];

  function newRuntime(): TrialRuntime {
    const runtime = createProcessRuntime({ clock: systemClock, launcher: createLauncher(0) });
    runtimes.push(runtime);
    return runtime;
  }

  /** Launches sleepers until one was started by the launcher. */
  async function sleeperOfLauncher(
    runtime: TrialRuntime,
  ): Promise<{ readonly handle: AttemptHandle; readonly launcherPid: number; readonly exit: Promise<ExitInfo> }> {
    return await waitUntil('a program was started by the launcher', async () => {
      const handle = await lab.launch(runtime, lab.plan({ argv: ['sleep', '600'] }));
      const { exit } = runtime.attach(handle);
      const launcherPid = parentOf(handle.ref);
      if (launcherPid !== process.pid) return { handle, launcherPid, exit };
      await runtime.kill(handle);
      await exit;
      return false;
    });
  }

  afterAll(() => {
    lab.close();
  });
  afterEach(async () => {
    for (const runtime of runtimes.splice(0)) await runtime.close();
  });

  test('programs started by it run, log and end like others', async () => {
    const runtime = newRuntime();
    const { handle, exit } = await sleeperOfLauncher(runtime);
    const specs = Array.from({ length: 30 }, (_, i) =>
      lab.plan({ argv: ['sh', '-c', `echo "hello ${i}"; exit ${i % 7}`] }),
    );
    const exits = await Promise.all(specs.map((spec) => lab.run(runtime, spec)));
    expect(exits.map(({ exitCode }) => exitCode)).toEqual(specs.map((_, i) => i % 7));
    expect(specs.map((spec) => lab.log(spec))).toEqual(specs.map((_, i) => `hello ${i}\n`));
    await runtime.kill(handle);
    expect(await exit).toMatchObject({ signal: 'SIGKILL', lost: false });
  });

  test('what cannot be started is told in the same words', async () => {
    const runtime = newRuntime();
    const tooLong = lab.plan({ argv: ['echo', ...Array.from({ length: 40 }, () => 'x'.repeat(100_000))] });
    const direct = await lab
      .launch(createProcessRuntime({ clock: systemClock }), tooLong)
      .catch((error: unknown) => error);
    const { handle, exit } = await sleeperOfLauncher(runtime);
    const viaLauncher = await lab.launch(runtime, lab.plan({ argv: tooLong.argv })).catch((error: unknown) => error);
    expect(viaLauncher).toEqual(direct);
    expect(viaLauncher).toMatchObject({ name: 'LaunchError', code: 'launch_failed' });
    await runtime.kill(handle);
    await exit;
  });

  test('when it dies, running programs go on and their ends are learned; new ones start', async () => {
    const runtime = newRuntime();
    const { handle, launcherPid, exit } = await sleeperOfLauncher(runtime);
    const ending = lab.plan({ argv: ['sh', '-c', 'echo up; read line <gate; exit 5'] });
    execFileSync('mkfifo', ['gate'], { cwd: lab.workOf(ending) });
    const endingExit = runtime.attach(await lab.launch(runtime, ending)).exit;
    await lab.logged(ending, 'up');
    process.kill(launcherPid, 'SIGKILL');
    const after = await Promise.all(Array.from({ length: 10 }, () => lab.run(runtime, lab.plan({ argv: ['true'] }))));
    expect(after.map(({ exitCode }) => exitCode)).toEqual(after.map(() => 0));
    execFileSync('sh', ['-c', 'echo go >gate'], { cwd: lab.workOf(ending) });
    expect(await endingExit).toMatchObject({ exitCode: 5, lost: false });
    await runtime.kill(handle);
    expect(await exit).toMatchObject({ lost: false });
  });

  test('it ends with the runtime, and what it started goes on', async () => {
    const runtime = newRuntime();
    const { handle, launcherPid } = await sleeperOfLauncher(runtime);
    await runtime.close();
    await waitUntil('the launcher has ended', () => !isAlive(launcherPid));
    const next = newRuntime();
    expect(await next.recover(handle)).toMatchObject({ kind: 'running', ref: handle.ref });
    const { exit } = next.attach(handle);
    await next.kill(handle);
    expect(await exit).toMatchObject({ signal: 'SIGKILL' });
  });
});
