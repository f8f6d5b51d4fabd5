/** Turns what the runtime saw of an end into an ExitInfo. */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { ExitInfo } from '../../electron/ports/trial-runtime.ts';
import { explainExitCode, signalOfExitCode } from '../exit-codes.ts';

/** Less free space than this where the log is, after a failure, is named as its likely cause. */
const FULL_DISK_BYTES = 1024 * 1024;
/** What an init system sends on shutdown. */
const SHUTDOWN_SIGNALS: ReadonlySet<string> = new Set(['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT']);

export interface SeenExit {
  readonly exitCode: number;
  readonly endedAtMs: number;
  readonly logPath: string;
  /** The machine was started again since. */
  readonly rebooted: boolean;
  /** The kernel ended some process for lack of memory while this one ran. */
  readonly oomSeen: boolean;
}

export async function describeExit(seen: SeenExit): Promise<ExitInfo> {
  const signal = signalOfExitCode(seen.exitCode);
  const oomKilled = seen.oomSeen && signal === 'SIGKILL';
  const lost = seen.rebooted && signal !== null && SHUTDOWN_SIGNALS.has(signal);
  let message: string | null = null;
  if (lost) message = 'The machine was shut down while the trial ran.';
  else if (oomKilled) message = 'The kernel ended the program because the machine ran out of memory.';
  else if (seen.exitCode !== 0 && (await isDiskFull(seen.logPath)))
    message = `There is no space left on the disk that holds the log (${path.dirname(seen.logPath)}).`;
  else message = explainExitCode(seen.exitCode);
  return {
    exitCode: seen.exitCode,
    signal,
    oomKilled,
    lost,
    ...(seen.rebooted ? { rebooted: true } : {}),
    endedAtMs: seen.endedAtMs,
    message,
  };
}

/** The end of a supervisor that left no exit file. */
export function describeVanished(seen: {
  readonly lost: boolean;
  readonly signal: string | null;
  readonly endedAtMs: number;
}): ExitInfo {
  return {
    exitCode: null,
    signal: seen.signal,
    oomKilled: false,
    lost: seen.lost,
    endedAtMs: seen.endedAtMs,
    message: seen.lost
      ? 'The machine went down while the trial ran.'
      : 'The trial was killed together with its supervisor.',
  };
}

/** The end of a program whose files the runtime cannot read: nothing is known but that it is gone. */
export function describeUnreadable(error: unknown, endedAtMs: number): ExitInfo {
  const why = error instanceof Error ? error.message : String(error);
  return {
    exitCode: null,
    signal: null,
    oomKilled: false,
    lost: false,
    endedAtMs,
    message: `How it ended is not known, its state directory cannot be read (${why}).`,
  };
}

async function isDiskFull(logPath: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(path.dirname(logPath));
    return bavail * bsize < FULL_DISK_BYTES;
  } catch {
    return false;
  }
}
