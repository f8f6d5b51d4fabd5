/** Spawns the supervisor of one attempt and waits until it has the claim. See supervisor.ts. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { LaunchError } from '../../electron/engine/ports.ts';
import type { LaunchSpec } from '../../electron/engine/ports.ts';
import { hasCode } from './attempt-files.ts';
import { resolveCommand } from './resolve-command.ts';
import { SUPERVISOR_SCRIPT } from './supervisor.ts';
import { buildTrialEnv } from './trial-env.ts';

export interface StartedSupervisor {
  readonly child: ChildProcess;
  readonly pid: number;
  /** False when it ended without running the program: somebody else has the claim, or it could not be written. */
  readonly claimed: boolean;
}

/**
 * Starts the supervisor detached, with the log file as its stdout and stderr.
 * @param onSpawn called synchronously after the spawn, before any event of the child can be missed
 * @throws LaunchError when nothing was started
 */
export async function startSupervisor(
  spec: LaunchSpec, bootId: string, signal: AbortSignal, onSpawn: (child: ChildProcess) => void,
): Promise<StartedSupervisor> {
  const env = buildTrialEnv(process.env, spec);
  const program = resolveProgram(spec, env['PATH'] ?? '');
  throwIfAborted(signal);
  const log = openLog(spec);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', SUPERVISOR_SCRIPT, 'switchyard', spec.stateDir, bootId, program, ...spec.argv.slice(1)], {
      cwd: spec.workDir, env, detached: true, stdio: ['ignore', log, log, 'pipe'],
    });
  } catch (error) {
    throw toLaunchError(error);
  } finally {
    closeSync(log);
  }
  onSpawn(child);
  const claimed = await hearClaim(child);
  child.unref();
  if (child.pid === undefined) throw new LaunchError('launch_failed', 'The program could not be started.', null);
  return { child, pid: child.pid, claimed };
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new LaunchError('launch_failed', 'The start was cancelled before the program ran.', null, true);
}

function resolveProgram(spec: LaunchSpec, searchPath: string): string {
  if (statSync(spec.workDir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new LaunchError('launch_failed', `The working directory ${spec.workDir} does not exist.`,
      'It was removed after the submit. Submit the experiment again.');
  }
  return resolveCommand(spec.argv[0] ?? '', spec.workDir, searchPath);
}

/** Synchronous like the database in the same directory: the file system has these entries in memory. */
function openLog(spec: LaunchSpec): number {
  try {
    mkdirSync(spec.stateDir, { recursive: true, mode: 0o700 });
    mkdirSync(path.dirname(spec.logPath), { recursive: true, mode: 0o700 });
    return openSync(spec.logPath, 'a', 0o600);
  } catch (error) {
    throw toLaunchError(error);
  }
}

/** @returns once the supervisor wrote "claimed", or closed its end without it */
function hearClaim(child: ChildProcess): Promise<boolean> {
  const pipe = child.stdio[3] as Readable | null | undefined;
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(toLaunchError(error));
    });
    if (pipe === null || pipe === undefined) return;
    pipe.once('data', () => {
      resolve(true);
      pipe.destroy();
    });
    pipe.once('close', () => {
      resolve(false);
    });
    pipe.once('error', () => {
      resolve(false);
    });
  });
}

function toLaunchError(error: unknown): LaunchError {
  if (error instanceof LaunchError) return error;
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new LaunchError('disk_full', 'The disk that holds the log of this trial is full.', 'Free some space; the trial is tried again.', true);
  }
  if (hasCode(error, 'E2BIG')) {
    return new LaunchError('launch_failed', 'The command line and environment together are longer than this system allows.',
      'Pass large values in a file instead.');
  }
  if (hasCode(error, 'EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE')) {
    return new LaunchError('launch_failed', 'This machine has no room for another process now (process, memory or file limit).',
      'See ulimit -u and free memory; the trial is tried again.', true);
  }
  return new LaunchError('launch_failed', `The program could not be started: ${error instanceof Error ? error.message : 'unknown error'}`, null);
}
