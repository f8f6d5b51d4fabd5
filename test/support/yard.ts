/** A yard per test: a directory, an engine process on it, fake GPUs when asked for; gone after the test, with the engine's words when it failed. */
import { chownSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import type { SubmitBodyInput } from '../../electron/contract/config.ts';
import type { Problem } from '../../electron/contract/errors.ts';
import type { Outcome } from '../../electron/contract/trials.ts';
import { createFakeGpus, type FakeGpu, type FakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { ApiProblem } from './api-client.ts';
import { engineLogTail, removeDirectory, startEngineProcess, type EngineProcess } from './engine-process.ts';
import { listTrialProcesses } from './processes.ts';

export interface Yard {
  readonly dir: string;
  readonly engine: EngineProcess;
  readonly gpus: FakeGpus;
  /** Submits to the process runtime without a directory. @returns the trial's id */
  readonly submit: (config: SubmitBodyInput['config'], paused?: boolean) => Promise<number>;
  /** Waits until the trial is done. @returns kind, code and message of its outcome */
  readonly outcomeOf: (trialId: number, deadlineMs?: number) => Promise<Outcome>;
}

/** An empty directory that is removed after the test. */
export function makeDirectory(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-yard-'));
  onTestFinished(() => {
    removeDirectory(dir);
  });
  return dir;
}

export interface YardOptions {
  readonly gpus?: readonly FakeGpu[];
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The file that is run instead of serve. */
  readonly program?: string;
  /** Who runs the engine; the directory is his. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

export async function openYard(options: YardOptions = {}): Promise<Yard> {
  const { gpus: machine = [], dataDir, env = {}, user, program } = options;
  const dir = makeDirectory();
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  const gpus = createFakeGpus(dir, machine);
  const engine = await startEngineProcess({
    dataDir: dataDir ?? path.join(dir, 'data'),
    env: { ...(machine.length > 0 ? gpus.env : {}), ...env },
    ...(user === undefined ? {} : { user }),
    ...(program === undefined ? {} : { program }),
  });
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') process.stdout.write(`${engine.stderr()}\n${engineLogTail(engine.dataDir)}\n`);
    await engine.dispose();
    for (const { pid } of listTrialProcesses(engine.dataDir)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  });
  return {
    dir,
    engine,
    gpus,
    async submit(config, paused = false) {
      const { trialIds } = await engine.api.submit({
        config: { runtime: 'process', ...config },
        source: { kind: 'none' },
        paused,
      });
      return trialIds[0] ?? 0;
    },
    outcomeOf: (trialId, deadlineMs) =>
      engine.waitFor(
        `#${trialId} is done`,
        ({ trials }) => {
          const trial = trials.get(trialId);
          return trial?.state === 'done' && trial.outcome !== null ? trial.outcome : undefined;
        },
        deadlineMs,
      ),
  };
}

/** @returns the problem an API call is refused with; throws when it is not refused */
export async function refusal(call: Promise<unknown>): Promise<Problem> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiProblem) return error.problem;
    throw error;
  }
  throw new Error('this should have been refused');
}
