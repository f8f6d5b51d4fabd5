/** What the engine says of a container, as the runtime needs it. Pure. */
import type Dockerode from 'dockerode';
import { sayBytes } from '../../electron/text/say.ts';
import type { ExitInfo } from '../../electron/ports/trial-runtime.ts';
import { explainExitCode, signalOfExitCode } from '../exit-codes.ts';

export type ContainerState =
  | { readonly kind: 'running'; readonly frozen: boolean }
  | { readonly kind: 'created' }
  | { readonly kind: 'exited'; readonly exit: ExitInfo; readonly startedAtMs: number };

/**
 * When the engine could not be reached while an attempt was watched, or when nobody watched it (Switchyard was not running): a container
 * that was ended by force within was stopped by somebody else, such as a daemon that was stopped itself.
 */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Containers go on while the daemon is away (live restore): an end within is the program's own. */
  readonly containersGoOn: boolean;
}

/** The engine's clock and ours are the same machine's, but an end is noticed late. */
const CLOCK_SLACK_MS = 1_000;
/** What dockerd notes for a container that was gone when it started again. */
const UNKNOWN_EXIT = 255;

/** @param rebooted the machine was started again since the launch: an end by force is then the shutdown's doing */
export function readState(
  inspect: Dockerode.ContainerInspectInfo,
  rebooted: boolean,
  outage: Outage | null,
): ContainerState {
  const state = inspect.State;
  if (state.Running || state.Paused || state.Restarting) return { kind: 'running', frozen: state.Paused };
  const startedAtMs = Date.parse(state.StartedAt);
  // Docker writes the year 1 for "never".
  if (state.Status === 'created' || !(startedAtMs > 0)) return { kind: 'created' };
  const endedAtMs = Date.parse(state.FinishedAt);
  const exitCode = state.ExitCode;
  const oomKilled = state.OOMKilled && exitCode !== 0;
  const lost = !oomKilled && ((rebooted && isForced(exitCode)) || endedWithDaemon(endedAtMs, exitCode, outage));
  let message = explainExitCode(exitCode);
  if (oomKilled) message = `The trial ran out of memory (limit ${describeMemory(inspect.HostConfig.Memory)}).`;
  else if (lost) message = 'The machine or its Docker daemon went down while the trial ran.';
  return {
    kind: 'exited',
    startedAtMs,
    exit: {
      exitCode,
      signal: signalOfExitCode(exitCode),
      oomKilled,
      lost,
      ...(rebooted ? { rebooted: true } : {}),
      endedAtMs: endedAtMs > 0 ? endedAtMs : startedAtMs,
      message,
    },
  };
}

function isForced(exitCode: number): boolean {
  return (
    exitCode === UNKNOWN_EXIT || ['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT'].includes(signalOfExitCode(exitCode) ?? '')
  );
}

/**
 * A daemon that stops sends SIGTERM first, and a program that saves its work then ends with 0: taken as success, an unfinished
 * trial would look finished. So every end inside an outage counts as lost, unless containers outlive the daemon.
 */
function endedWithDaemon(endedAtMs: number, exitCode: number, outage: Outage | null): boolean {
  if (outage === null) return false;
  const within = endedAtMs >= outage.fromMs - CLOCK_SLACK_MS && endedAtMs <= outage.untilMs + CLOCK_SLACK_MS;
  return within && (!outage.containersGoOn || isForced(exitCode));
}

function describeMemory(bytes: number | undefined): string {
  return bytes === undefined || bytes === 0 ? 'of the machine' : sayBytes(bytes);
}
