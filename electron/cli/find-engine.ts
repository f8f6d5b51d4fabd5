/**
 * Finds the engine of a data directory through its lock file and socket, and starts a headless one in the background
 * when none runs. Two commands at once start at most one: the engine's own lock decides, both wait for the socket.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dataPaths, resolveDataDir } from '../ports/data-dir.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import { CliError, ExitCode } from './exit-codes.ts';

const SERVE = fileURLToPath(new URL('../serve.ts', import.meta.url));
/** A first start creates the database and probes the machine. */
const START_DEADLINE_MS = 30_000;
const ASK_EVERY_MS = 20;

/** @returns where the engine of this environment keeps its data */
export function locateData(env: NodeJS.ProcessEnv): DataPaths {
  const dir = resolveDataDir(env, process.platform, os.homedir());
  return dataPaths(dir, process.platform, env['XDG_RUNTIME_DIR'] ?? os.tmpdir());
}

/** @returns the socket of a running engine, or null. A socket file that nobody listens on is none. */
export async function findSocket(paths: DataPaths): Promise<string | null> {
  const locked = readLockedSocket(paths.lock);
  for (const socket of new Set(locked === null ? [paths.socket] : [locked, paths.socket])) {
    if (await isListening(socket)) return socket;
  }
  return null;
}

/**
 * Starts an engine that outlives this command.
 * @param started called with its pid as soon as it runs
 * @returns its socket, once it listens
 */
export async function startInBackground(
  paths: DataPaths,
  env: NodeJS.ProcessEnv,
  started: (pid: number) => void,
): Promise<string> {
  const outputPath = path.join(paths.dir, 'background.log');
  const output = openOutput(paths.dir, outputPath);
  let ended: string | null = null;
  // Its stdout carries a login link, which belongs into no file.
  const child = spawn(process.execPath, [SERVE], {
    cwd: paths.dir,
    env,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', output],
  });
  fs.closeSync(output);
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = signal === null ? `exit code ${code}` : signal;
  });
  child.unref();
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const socket = await findSocket(paths);
    if (socket !== null) {
      if (ended === null && child.pid !== undefined) started(child.pid);
      return socket;
    }
    if (ended !== null || performance.now() >= deadline) {
      const why = ended === null ? `it did not answer within ${START_DEADLINE_MS / 1000} s` : ended;
      throw new CliError(
        ExitCode.unreachable,
        [`The engine could not be started in the background (${why}).`, ...readTail(outputPath)].join('\n'),
        'Run "switchyard serve" to see it start, or "switchyard doctor" for what is wrong.',
      );
    }
    await delay(ASK_EVERY_MS);
  }
}

/** Its stderr goes into a private file, because nobody watches it. */
function openOutput(dir: string, file: string): number {
  try {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    return fs.openSync(file, 'w', 0o600);
  } catch (error) {
    throw new CliError(
      ExitCode.unreachable,
      `The data directory ${dir} cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      'Set SWITCHYARD_HOME to a directory you can write to.',
    );
  }
}

/** @returns whether something accepts connections there */
export function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.setTimeout(2_000, () => settle(false));
  });
}

/** The lock names the socket, which lies elsewhere when the data directory's path is too long for one. */
function readLockedSocket(lockPath: string): string | null {
  try {
    const lock: unknown = JSON.parse(fs.readFileSync(lockPath, 'utf8'));
    if (typeof lock !== 'object' || lock === null || !('socket' in lock)) return null;
    return typeof lock.socket === 'string' && lock.socket !== '' ? lock.socket : null;
  } catch {
    return null;
  }
}

function readTail(file: string): string[] {
  try {
    return fs
      .readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .slice(-8)
      .map((line) => `  ${line}`);
  } catch {
    return [];
  }
}
