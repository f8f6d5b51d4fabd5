/** Starts the supervisor of one attempt and waits until it has the claim. See supervisor.ts. */
import { statSync } from 'node:fs';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { LaunchSpec } from '../../electron/ports/trial-runtime.ts';
import { markOf } from './attempt-mark.ts';
import { hasCode } from './attempt-files.ts';
import type { Launched, Launcher } from './launcher.ts';
import { resolveCommand } from './resolve-command.ts';
import { buildTrialEnv } from './trial-env.ts';

/**
 * @param baseEnv what passes from the engine's own environment
 * @returns `claimed` is false when it ended without running the program: somebody else has the claim, or it could not be written
 * @throws LaunchError when nothing was started
 */
export async function startSupervisor(
  spec: LaunchSpec,
  baseEnv: Readonly<Record<string, string>>,
  bootId: string,
  signal: AbortSignal,
  launcher: Launcher,
): Promise<Launched> {
  const env = buildTrialEnv(baseEnv, spec);
  const program = resolveProgram(spec, env.PATH);
  throwIfAborted(signal);
  try {
    return await launcher.launch({
      stateDir: spec.stateDir,
      logPath: spec.logPath,
      bootId,
      mark: markOf(spec.attemptId),
      program,
      args: spec.argv.slice(1),
      cwd: spec.workDir,
      env,
    });
  } catch (error) {
    throw toLaunchError(error);
  }
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new LaunchError('launch_failed', 'The start was cancelled before the program ran.', null, true);
}

function resolveProgram(spec: LaunchSpec, searchPath: string): string {
  if (statSync(spec.workDir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new LaunchError(
      'launch_failed',
      `The working directory ${spec.workDir} does not exist.`,
      'It was removed after the submit. Submit the experiment again.',
    );
  }
  return resolveCommand(spec.argv[0] ?? '', spec.workDir, searchPath);
}

function toLaunchError(error: unknown): LaunchError {
  if (error instanceof LaunchError) return error;
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new LaunchError(
      'disk_full',
      'The disk that holds the log of this trial is full.',
      'Free some space; the trial is tried again.',
      true,
    );
  }
  if (hasCode(error, 'E2BIG')) {
    return new LaunchError(
      'launch_failed',
      'The command line and environment together are longer than this system allows.',
      'Pass large values in a file instead.',
    );
  }
  if (hasCode(error, 'EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE')) {
    return new LaunchError(
      'launch_failed',
      'This machine has no room for another process now (process, memory or file limit).',
      'See ulimit -u and free memory; the trial is tried again.',
      true,
    );
  }
  return new LaunchError(
    'launch_failed',
    `The program could not be started: ${error instanceof Error ? error.message : 'unknown error'}`,
    null,
  );
}
