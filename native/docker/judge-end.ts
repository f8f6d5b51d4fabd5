/**
 * How an attempt with an entry ended, from what the entry noted, what the engine says, and whether we asked for it. Pure.
 *
 * An end that the entry noted is the program's own, unless somebody outside asked for it who was not us: a daemon or a machine that
 * stops, `docker stop` or `docker restart`. A program that saves on SIGTERM and leaves with 0 has then not finished its work.
 * An end that was not noted came by force: what the container was killed or removed by, or its daemon and machine with it.
 */
import type { ExitInfo } from '../../electron/ports/trial-runtime.ts';
import { explainExitCode, signalOfExitCode } from '../exit-codes.ts';
import { REFUSED_CODE } from './entry.ts';
import type { EntryNote } from './entry.ts';

export interface EndFacts {
  readonly note: EntryNote;
  /** What the engine says of the ended container; null = it is gone, or the engine cannot be asked. */
  readonly container: {
    readonly exitCode: number;
    readonly oomKilled: boolean;
    readonly endedAtMs: number;
    readonly memoryBytes: number | undefined;
  } | null;
  /** We asked it to stop, or killed it. */
  readonly askedByUs: boolean;
  /** The machine was started again since the launch. */
  readonly rebooted: boolean;
  readonly nowMs: number;
}

export function judgeEnd({ note, container, askedByUs, rebooted, nowMs }: EndFacts): ExitInfo {
  const oomKilled = container !== null && container.oomKilled && container.exitCode !== 0;
  const endedAtMs = note.kind === 'ended' ? note.endedAtMs : (container?.endedAtMs ?? nowMs);
  const base = { oomKilled, endedAtMs: Math.min(endedAtMs, nowMs), ...(rebooted ? { rebooted: true as const } : {}) };
  if (oomKilled) {
    const exitCode = note.kind === 'ended' ? note.exitCode : container.exitCode;
    const limit = describeMemory(container.memoryBytes);
    return {
      ...base,
      exitCode,
      signal: signalOfExitCode(exitCode),
      lost: false,
      message: `The trial ran out of memory (limit ${limit}).`,
    };
  }
  if (note.kind === 'ended') {
    const lost = note.asked && !askedByUs;
    let message = explainExitCode(note.exitCode);
    if (lost) message = stoppedFromOutside(rebooted);
    else if (note.missingBytes > 0)
      message = `There was no space left on the disk for the log: ${note.missingBytes} bytes of the output are missing.`;
    return { ...base, exitCode: note.exitCode, signal: signalOfExitCode(note.exitCode), lost, message };
  }
  if (container === null)
    return {
      ...base,
      exitCode: null,
      signal: null,
      lost: true,
      message: 'The container was removed while the trial ran.',
    };
  const { exitCode } = container;
  if (note.kind === 'waiting' && !rebooted && exitCode === REFUSED_CODE)
    return {
      ...base,
      exitCode,
      signal: null,
      lost: false,
      message: 'The first process of the container could not use its files.',
    };
  const signal = signalOfExitCode(exitCode);
  return askedByUs
    ? { ...base, exitCode, signal, lost: false, message: null }
    : {
        ...base,
        exitCode: exitCode === REFUSED_CODE ? null : exitCode,
        signal,
        lost: true,
        message: rebooted ? stoppedFromOutside(true) : killedFromOutside(signal),
      };
}

function stoppedFromOutside(rebooted: boolean): string {
  return rebooted
    ? 'The machine went down while the trial ran.'
    : 'Its container was stopped from outside: by its Docker daemon, or by somebody with docker stop or restart.';
}

function killedFromOutside(signal: string | null): string {
  return `Its container was ended from outside${signal === null ? '' : ` (${signal})`}: by its Docker daemon, by the system, or by somebody with docker kill.`;
}

function describeMemory(bytes: number | undefined): string {
  return bytes === undefined || bytes === 0 ? 'of the machine' : `${Math.round(bytes / (1024 * 1024))} MiB`;
}
