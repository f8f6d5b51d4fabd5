/** The one system call that starts a supervisor (supervisor.ts) as a shell of the engine's own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, fstatSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { SUPERVISOR_SCRIPT } from './supervisor.ts';

export interface SpawnOrder {
  readonly stateDir: string;
  readonly logPath: string;
  readonly bootId: string;
  /** See attempt-mark.ts. */
  readonly mark: string;
  /** As a path with a slash. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface SpawnedSupervisor {
  readonly pid: number;
  /** Settles once the supervisor wrote "claimed" (true), or closed its end without it. */
  readonly claimed: Promise<boolean>;
  /** Settles with the signal that ended it, if one did. Never rejects. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

/**
 * Starts the supervisor detached, with the log file as its stdout and stderr.
 * @throws the system's error (ENOSPC, E2BIG, EAGAIN, ...) when nothing was started
 */
export async function spawnSupervisor(order: SpawnOrder): Promise<SpawnedSupervisor> {
  const log = openLog(order);
  let child: ChildProcess;
  try {
    child = spawn(
      '/bin/sh',
      ['-c', SUPERVISOR_SCRIPT, 'switchyard', order.stateDir, order.bootId, order.mark, order.program, ...order.args],
      {
        cwd: order.cwd,
        env: { ...order.env },
        detached: true,
        stdio: ['ignore', log, log, 'pipe'],
      },
    );
  } finally {
    closeSync(log);
  }
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  failed.catch(() => {
    /* Also rejects the claim below, or comes from a later kill, which nobody asks for here. */
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => {
      resolve(signal);
    });
  });
  if (child.pid === undefined) return failed;
  const claimed = Promise.race([hearClaim(child), failed]);
  return { pid: child.pid, claimed, ended };
}

/** Synchronous like the database in the same directory: the file system has these entries in memory. */
function openLog(order: SpawnOrder): number {
  mkdirSync(order.stateDir, { recursive: true, mode: 0o700 });
  mkdirSync(path.dirname(order.logPath), { recursive: true, mode: 0o700 });
  // An earlier attempt may have put a link or a pipe there.
  const log = openSync(
    order.logPath,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o600,
  );
  if (fstatSync(log).isFile()) return log;
  closeSync(log);
  throw new Error(`something else stands in the place of ${order.logPath}`);
}

function hearClaim(child: ChildProcess): Promise<boolean> {
  const pipe = child.stdio[3] as Readable | null | undefined;
  return new Promise((resolve) => {
    const settle = (claimed: boolean): void => {
      resolve(claimed);
      pipe?.destroy();
      // Its end is still told, but it does not keep this process alive.
      child.unref();
    };
    pipe?.once('data', () => {
      settle(true);
    });
    pipe?.once('close', () => {
      settle(false);
    });
    pipe?.once('error', () => {
      settle(false);
    });
  });
}
