/** What an attempt elsewhere ended with, or could not begin for, in the words of the engine. Pure. */
import { MailboxError } from '../ports/mailbox.ts';
import { ProviderError, type ProviderErrorCode } from '../ports/provider.ts';
import { LaunchError, type ExitInfo, type LaunchErrorCode } from '../ports/trial-runtime.ts';
import type { FailureCode, Result } from './agent-protocol.ts';

/** What the place took away: it counts as lost, so the next attempt goes on from the last checkpoint. */
const LOST: ReadonlySet<FailureCode> = new Set(['lost', 'preempted', 'deadline']);

const SENTENCES: Partial<Record<FailureCode, string>> = {
  preempted: 'The provider took the machine back while the trial ran (spot).',
  deadline: 'The time of the machine was over before the trial had ended.',
  time_limit: 'It ran into its time limit and was ended by the agent there.',
  canceled: 'It was stopped before it had begun.',
};

const LAUNCH: Partial<Record<FailureCode, { readonly code: LaunchErrorCode; readonly transient: boolean }>> = {
  gpu_not_ready: { code: 'gpu_gone', transient: true },
  image: { code: 'image_missing', transient: false },
  docker: { code: 'runtime_down', transient: true },
  command_missing: { code: 'command_missing', transient: false },
  mount_missing: { code: 'mount_failed', transient: false },
  disk_full: { code: 'disk_full', transient: true },
  pack_damaged: { code: 'launch_failed', transient: true },
  lost: { code: 'launch_failed', transient: true },
  preempted: { code: 'launch_failed', transient: true },
  canceled: { code: 'launch_failed', transient: true },
};

/** @returns how an attempt that began has ended */
export function exitOf(result: Result): ExitInfo {
  const { reason } = result;
  const message = result.message ?? (reason === null ? null : (SENTENCES[reason] ?? null));
  return {
    exitCode: result.exitCode,
    signal: result.signal,
    oomKilled: reason === 'out_of_memory',
    lost: reason !== null && LOST.has(reason),
    endedAtMs: Math.round(result.endedAtMs),
    message,
    ...(result.remedy === null ? {} : { remedy: result.remedy }),
  };
}

/** @returns why an attempt did not begin */
export function launchErrorOf(result: Result): LaunchError {
  const reason = result.reason ?? 'launch_failed';
  const { code, transient } = LAUNCH[reason] ?? { code: 'launch_failed' as const, transient: false };
  const message = result.message ?? SENTENCES[reason] ?? 'It could not be started on that machine.';
  return new LaunchError(code, message, result.remedy, transient);
}

/** The same for an attempt whose launch nobody waits for any more: the engine was away meanwhile. */
export function exitWithoutStart(result: Result): ExitInfo {
  const failure = launchErrorOf(result);
  return {
    ...exitOf(result),
    // What would be tried again without counting counts as lost here.
    lost: failure.transient && result.reason !== 'canceled',
    message: failure.message,
  };
}

/** The machine is gone and left no word. */
export function lostExit(preempted: boolean, nowMs: number): ExitInfo {
  return {
    exitCode: null,
    signal: null,
    oomKilled: false,
    lost: true,
    endedAtMs: nowMs,
    message: preempted ? (SENTENCES.preempted ?? null) : 'The machine was gone before the trial had ended.',
  };
}

/** Passes by itself. */
const TRANSIENT: ReadonlySet<ProviderErrorCode> = new Set(['capacity', 'quota', 'throttled', 'network', 'auth']);

/** @returns why nothing could be started there; what is no error of a place is given back as it is */
export function asLaunchError(error: unknown): unknown {
  if (error instanceof ProviderError)
    return new LaunchError(
      error.code === 'image' ? 'image_invalid' : 'launch_failed',
      error.message,
      error.remedy,
      TRANSIENT.has(error.code),
    );
  if (error instanceof MailboxError)
    return new LaunchError(
      error.code === 'full' ? 'disk_full' : 'launch_failed',
      error.message,
      error.remedy,
      error.code !== 'refused',
    );
  return error;
}
