/**
 * The one fixture of all specs: an engine of its own on an empty data directory, and a window on it.
 * A spec fails when its window reported an error it did not expect, whatever else it saw.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { test as base, expect, type Page, type TestInfo } from '@playwright/test';
import { engineLogTail, removeDirectory, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';
import { listTrialProcesses } from '../support/processes.ts';
import { createFakeGpus, type FakeGpu, type FakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { offerContainers, type Containers } from './support/containers.ts';
import { watchFaults } from './support/faults.ts';
import { FIGURES } from './support/figures.ts';
import { writeProject } from './support/programs.ts';
import { createScreen, type Screen } from './support/screen.ts';
import { ROOT, startShell, type Shell } from './support/shells.ts';

export { expect };

/** What the engine of a spec finds on its machine. */
export interface Machine {
  readonly gpus: readonly FakeGpu[];
  /** A Docker Engine with the images of support/containers.ts; without one there is no Docker. */
  readonly docker?: boolean;
  readonly colorScheme?: 'light' | 'dark';
  /** Another machine that the engine's ssh reaches as "gpu-box", with these GPUs. */
  readonly other?: readonly FakeGpu[];
  /** Fills the data directory before the engine starts. */
  readonly seed?: (dataDir: string) => void;
}

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface App {
  readonly shell: 'browser' | 'electron';
  readonly page: Page;
  readonly screen: Screen;
  readonly engine: EngineProcess;
  readonly gpus: FakeGpus;
  /** A directory with train.sh and writer.py (see support/programs.ts). */
  readonly project: string;
  /** `http://127.0.0.1:PORT` of the engine's door for browsers. */
  readonly origin: string;
  /** Runs the command line against this engine. */
  cli(...argv: string[]): Promise<CliResult>;
  /** Starts the engine again after kill9, on the same port. */
  restart(): Promise<void>;
  /** Errors of the window that this spec provokes. */
  tolerate(pattern: RegExp): void;
}

export const test = base.extend<{ machine: Machine; app: App }, { shell: Shell; containers: Containers }>({
  machine: [{ gpus: [] }, { option: true }],

  shell: [
    async ({}, use, { workerIndex }) => {
      // A later worker goes on with the run of the first.
      if (workerIndex === 0) rmSync(FIGURES, { force: true });
      const shell = await startShell();
      await use(shell);
      await shell.close();
    },
    { scope: 'worker' },
  ],

  containers: [
    async ({}, use) => {
      const containers = offerContainers();
      await use(containers);
      await containers.stop();
    },
    { scope: 'worker' },
  ],

  app: async ({ shell, machine, containers }, use, testInfo) => {
    if (shell.obstacle !== null && process.env['CI'] === 'true') throw new Error(shell.obstacle);
    testInfo.skip(shell.obstacle !== null, shell.obstacle ?? undefined);
    const dir = mkdtempSync(path.join(os.tmpdir(), 'sy-e2e-'));
    const dataDir = path.join(dir, 'data');
    // Undone last first, however far the set-up came and however the spec ends.
    const undo: (() => unknown)[] = [() => removeDirectory(dir), () => endTrials(dataDir)];
    try {
      mkdirSync(dataDir, { mode: 0o700 });
      const gpus = createFakeGpus(dir, machine.gpus);
      machine.seed?.(dataDir);
      const env: Record<string, string> = machine.gpus.length === 0 ? {} : { ...gpus.env };
      if (machine.docker === true) {
        env['DOCKER_HOST'] = (await containers.daemon()).dockerHost;
        undo.push(() => containers.clear());
      }
      if (machine.other !== undefined) {
        const other = await startOther(path.join(dir, 'other'), machine.other);
        env['PATH'] = other.env['PATH'] ?? '';
        undo.push(() => other.remove());
      }
      const engine = await startEngineProcess({ dataDir, env });
      undo.push(
        () => engine.dispose(),
        () => attachLogs(testInfo, engine),
      );
      const faults = watchFaults();
      const window = await shell.open(
        engine,
        { width: 1440, height: 900, colorScheme: machine.colorScheme ?? 'light' },
        (page) => faults.watch(page),
      );
      undo.push(() => window.close());
      const { origin, port } = new URL(engine.url);
      await expect(window.page.getByRole('navigation', { name: 'Pools' })).toBeVisible();
      await use({
        shell: shell.kind,
        page: window.page,
        screen: createScreen(window.page),
        engine,
        gpus,
        origin,
        project: writeProject(dir),
        cli: (...argv) => runCli(argv, { ...process.env, ...env, SWITCHYARD_HOME: dataDir }),
        // The tab reconnects to the address it came from.
        restart: () => engine.restart({ args: ['--port', port] }),
        tolerate: (pattern) => faults.tolerate(pattern),
      });
      expect(faults.list(), 'errors of the window').toEqual([]);
    } finally {
      for (const step of undo.toReversed()) await step();
    }
  },
});

/** A machine with an sshd and an nvidia-smi of its own. */
async function startOther(dir: string, gpus: readonly FakeGpu[]): Promise<TestSshd> {
  mkdirSync(dir);
  const fake = createFakeGpus(dir, gpus);
  return startSshd({ path: [path.dirname(fake.env['SWITCHYARD_NVIDIA_SMI'] ?? '')], env: fake.env });
}

async function attachLogs(testInfo: TestInfo, engine: EngineProcess): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus) return;
  await testInfo.attach('engine.log', { body: `${engineLogTail(engine.dataDir, 100)}\n\nstderr:\n${engine.stderr()}` });
}

function runCli(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(ROOT, 'electron', 'cli.ts'), ...argv], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Trials outlive their engine; those of a finished spec must not. */
function endTrials(dataDir: string): void {
  for (const { pid } of listTrialProcesses(dataDir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
}
