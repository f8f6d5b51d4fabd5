/** What only the process runtime can show: its supervisor, its files, engines that are really killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { createLauncher } from '../../native/process/launcher.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import type { SpawnOrder } from '../../native/process/spawn-supervisor.ts';
import { waitUntil } from '../support/processes.ts';
import { createLab, SUPERVISORS, systemClock } from '../support/runtime-lab.ts';
import type { Lab } from '../support/runtime-lab.ts';

const LAUNCHER = new URL('../../native/process/launcher.ts', import.meta.url).href;
const RUNTIME = new URL('../../native/process/process-runtime.ts', import.meta.url).href;

describe.skipIf(process.platform === 'win32').each(SUPERVISORS)(
  'process runtime alone, supervised by $by',
  ({ starter }) => {
    const openRuntime = (): TrialRuntime =>
      createProcessRuntime({ clock: systemClock, launcher: createLauncher(starter) });
    let lab: Lab;
    let runtime: TrialRuntime;
    beforeEach(() => {
      lab = createLab(null);
      runtime = openRuntime();
    });
    afterEach(async () => {
      await runtime.sweep(lab.engineId, new Set());
      await runtime.close();
      lab.close();
    });
    const shell = (script: string): LaunchSpec => lab.plan({ argv: ['sh', '-c', script] });

    it('refuses a program that does not exist before anything starts', async () => {
      const spec = lab.plan({ argv: ['no-such-program'] });
      await expect(lab.launch(runtime, spec)).rejects.toMatchObject({ code: 'command_missing', transient: false });
      await expect(
        lab.launch(runtime, { ...spec, argv: ['true'], workDir: path.join(spec.workDir, 'gone') }),
      ).rejects.toMatchObject({ code: 'launch_failed' });
      expect(existsSync(path.join(spec.stateDir, 'claim'))).toBe(false);
    });

    it("runs programs, not builtins of the supervisor's shell", async () => {
      const bin = path.join(lab.workOf(shell('true')), 'bin');
      mkdirSync(bin);
      for (const name of ['exit', 'exec', 'kill'])
        writeFileSync(path.join(bin, name), `#!/bin/sh\necho own ${name}\n`, { mode: 0o755 });
      for (const name of ['exit', 'exec', 'kill']) {
        const spec = lab.plan({ argv: [name, '7'], env: { PATH: `${bin}:/usr/bin:/bin` } });
        expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
        expect(lab.log(spec)).toBe(`own ${name}\n`);
      }
    });

    it('gives the program default signal handling', async () => {
      const spec = shell('grep -E "SigIgn|SigBlk" /proc/self/status');
      await lab.run(runtime, spec);
      expect(lab.log(spec).match(/[0-9a-f]{16}/g)).toEqual(['0000000000000000', '0000000000000000']);
    });

    it('survives kill -9 of the engine that started it', async () => {
      const spec = shell('echo ready; while [ ! -e go ]; do sleep 0.02; done; echo done; exit 9');
      const engine = spawn(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `
      import { createProcessRuntime } from ${JSON.stringify(RUNTIME)};
      import { createLauncher } from ${JSON.stringify(LAUNCHER)};
      const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
      const runtime = createProcessRuntime({ clock, launcher: createLauncher(${JSON.stringify(starter)}) });
      const { ref } = await runtime.launch(${JSON.stringify(spec)}, () => undefined, new AbortController().signal);
      console.log(ref);
      setInterval(() => undefined, 1000);`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const [ref] = (await once(engine.stdout, 'data')) as [Buffer];
      engine.kill('SIGKILL');
      await once(engine, 'exit');
      const handle = lab.handleOf(spec, null);
      expect(await runtime.recover(handle)).toEqual({ kind: 'running', ref: String(ref).trim(), frozen: false });
      const { exit } = runtime.attach(handle);
      writeFileSync(path.join(lab.workOf(spec), 'go'), '');
      expect(await exit).toMatchObject({ exitCode: 9, lost: false });
      expect(lab.log(spec)).toBe('ready\ndone\n');
    });

    it('ends what is left when only the supervisor is killed, and does not call it lost', async () => {
      for (const adopted of [false, true]) {
        const spec = shell('sleep 600 & echo ready; wait');
        const handle = await lab.launch(runtime, spec);
        const watcher = adopted ? openRuntime() : runtime;
        const { exit } = watcher.attach(handle);
        await lab.logged(spec, 'ready');
        process.kill(Number(handle.ref), 'SIGKILL');
        expect(await exit).toMatchObject({ exitCode: null, signal: 'SIGKILL', lost: false });
        await waitUntil('nothing is left', async () => (await openRuntime().pids(handle)).length === 0);
      }
    });

    it('calls an attempt of an earlier boot lost, and touches no process that has its pid now', async () => {
      const spec = shell('exec sleep 600');
      const handle = await lab.launch(runtime, spec);
      const claim = path.join(spec.stateDir, 'claim');
      const text = readFileSync(claim, 'utf8');
      writeFileSync(claim, text.replace(/^\S+/, 'an-earlier-boot'));
      const next = openRuntime();
      expect(await next.recover(handle)).toMatchObject({ kind: 'exited', exit: { exitCode: null, lost: true } });
      expect(() => process.kill(Number(handle.ref), 0)).not.toThrow();
      writeFileSync(claim, text);
      // The same pid with another start time is somebody else: its end is not ours to see.
      writeFileSync(
        claim,
        text.replace(
          /(\((?:sh|supervisor)\) (?:\S+ ){19})(\d+)/,
          (_, before: string, start: string) => `${before}${Number(start) + 1}`,
        ),
      );
      expect(await next.recover({ ...handle, attemptId: 'another-t1-a1' })).toMatchObject({
        kind: 'exited',
        exit: { signal: 'SIGKILL', lost: false },
      });
      expect(() => process.kill(Number(handle.ref), 0)).not.toThrow();
      writeFileSync(claim, text);
    });

    it('runs a program once, even when two supervisors start for it, or one after it was given up', async () => {
      const orderOf = (spec: LaunchSpec): SpawnOrder => ({
        stateDir: spec.stateDir,
        logPath: spec.logPath,
        bootId: 'boot',
        mark: '1',
        program: '/bin/sh',
        args: ['-c', 'echo ran'],
        cwd: spec.workDir,
        env: {},
      });
      const twice = orderOf(shell('true'));
      const launcher = createLauncher(starter);
      const both = await Promise.all([launcher.launch(twice), launcher.launch(twice)]);
      expect(both.map(({ claimed }) => claimed).toSorted()).toEqual([false, true]);
      await both.find(({ claimed }) => claimed)?.ended;
      expect(readFileSync(twice.logPath, 'utf8')).toBe('ran\n');
      const givenUp = shell('true');
      expect(await runtime.recover(lab.handleOf(givenUp))).toEqual({ kind: 'absent' });
      const late = await launcher.launch(orderOf(givenUp));
      expect(late.claimed).toBe(false);
      await late.ended;
      expect(lab.log(givenUp)).toBe('');
      launcher.close();
    });

    it('gives up a claim that was never written', async () => {
      const spec = shell('touch ran');
      mkdirSync(spec.stateDir, { recursive: true });
      writeFileSync(path.join(spec.stateDir, 'claim'), '');
      expect(await runtime.recover(lab.handleOf(spec))).toEqual({ kind: 'absent' });
      await expect(lab.launch(runtime, spec)).rejects.toMatchObject({ code: 'launch_failed' });
    });

    it.skipIf(process.getuid?.() !== 0)('names a full disk as the cause of a failure', async () => {
      const spec = shell('yes 0123456789 | head -n 300000 || exit 3; echo more || exit 4');
      const disk = path.join(path.dirname(spec.logPath), 'disk');
      mkdirSync(disk);
      await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
      try {
        expect(await lab.run(runtime, { ...spec, logPath: path.join(disk, 'log') })).toMatchObject({
          exitCode: 3,
          message: expect.stringContaining('no space left') as string,
        });
      } finally {
        await execa('umount', [disk]);
      }
    });

    it.skipIf(process.platform !== 'linux')(
      'leaves nothing that hides: own session, cleared environment, no parent',
      async () => {
        for (const verb of ['end', 'kill'] as const) {
          const spec = shell(
            '(setsid env -i /bin/sh -c "cd /; exec sleep 600" >/dev/null 2>&1 & echo $! >hidden); echo ready; while [ ! -e go ]; do sleep 0.02; done',
          );
          const handle = await lab.launch(runtime, spec);
          const { exit } = runtime.attach(handle);
          await lab.logged(spec, 'ready');
          const pids = await waitUntil('it hides', async () => {
            const found = await openRuntime().pids(handle);
            return found.find((pid) => isHidden(pid));
          });
          if (verb === 'kill') await runtime.kill(handle);
          else writeFileSync(path.join(lab.workOf(spec), 'go'), '');
          await exit;
          await waitUntil('it is gone', () => !isHidden(pids));
        }
      },
    );

    it('takes only its own files away', async () => {
      const spec = shell('exit 0');
      await lab.run(runtime, spec);
      writeFileSync(path.join(spec.stateDir, 'of-somebody-else'), '');
      await runtime.remove(lab.handleOf(spec));
      expect(readdirSync(spec.stateDir)).toEqual(['of-somebody-else']);
      rmSync(spec.stateDir, { recursive: true });
      await runtime.remove(lab.handleOf(spec));
    });

    it('starts many one after the other without losing an exit', async () => {
      const codes = Array.from({ length: 60 }, (_, i) => i % 50);
      const seen: (number | null)[] = [];
      const todo = codes.entries();
      await Promise.all(
        [0, 1].map(async () => {
          for (const [at, code] of todo) seen[at] = (await lab.run(runtime, shell(`exit ${code}`))).exitCode;
        }),
      );
      expect(seen).toEqual(codes);
    });
  },
);

function isHidden(pid: number): boolean {
  try {
    const [environ, command] = ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
    return environ?.includes('SWITCHYARD') === false && command?.split('\0').join(' ') === 'sleep 600 ';
  } catch {
    return false;
  }
}
