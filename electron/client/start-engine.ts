/**
 * Starts a headless engine in the background that outlives whoever started it. Two at once start at most one: the
 * engine's own lock decides, both wait for the socket.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { DataPaths } from '../ports/data-dir.ts';
import { makePrivateDirectory } from '../ports/make-private-directory.ts';
import { EngineAwayError } from './client-errors.ts';
import { engineCommand } from './engine-program.ts';
import { waitForSocket } from './find-engine.ts';

/** A first start creates the database and probes the machine. */
const START_DEADLINE_MS = 30_000;
const SHOWN_LINES = 8;

/**
 * @param started called with its pid as soon as it runs
 * @returns its socket, once it listens
 * @throws EngineAwayError with the last words of an engine that did not start
 */
export async function startInBackground(
  paths: DataPaths,
  env: NodeJS.ProcessEnv,
  started: (pid: number) => void,
): Promise<string> {
  const { program, args } = engineCommand(env);
  const outputPath = path.join(paths.dir, 'background.log');
  const output = openOutput(paths.dir, outputPath);
  let ended: string | null = null;
  // Its stdout carries a login link, which belongs into no file.
  const child = spawn(program, args, {
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
  const socket = await waitForSocket(paths, START_DEADLINE_MS, () => ended !== null);
  if (socket === null)
    throw new EngineAwayError(
      [
        `The engine could not be started in the background (${ended ?? `it did not answer within ${START_DEADLINE_MS / 1000} s`}).`,
        ...readTail(outputPath),
      ].join('\n'),
      'Run "switchyard serve" to see it start, or "switchyard doctor" for what is wrong.',
    );
  if (ended === null && child.pid !== undefined) started(child.pid);
  return socket;
}

/** Its stderr goes into a private file, because nobody watches it. */
function openOutput(dir: string, file: string): number {
  try {
    makePrivateDirectory(dir, fs);
    return fs.openSync(file, 'w', 0o600);
  } catch (error) {
    throw new EngineAwayError(
      `The data directory ${dir} cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      'Set SWITCHYARD_HOME to a directory you can write to.',
    );
  }
}

function readTail(file: string): string[] {
  try {
    return fs
      .readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .slice(-SHOWN_LINES)
      .map((line) => `  ${line}`);
  } catch {
    return [];
  }
}
