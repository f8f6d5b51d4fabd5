/** task-spooler, the peer for plain queueing: a private server per benchmark, `tsp` from Debian. */
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../runner/components.ts';
import { removeDirectory } from '../support/engine-process.ts';
import { makeDirectory } from './yard.ts';

const run = promisify(execFile);

export interface TaskSpooler {
  readonly version: string;
  readonly dir: string;
  /** Runs `tsp` with these arguments against the private server. @returns what it printed */
  tsp(...args: readonly string[]): Promise<string>;
}

/**
 * @param slots jobs at once
 * @returns what `work` returns; null when tsp is not installed
 */
export async function withTaskSpooler<T>(slots: number, work: (spooler: TaskSpooler) => Promise<T>): Promise<T | null> {
  const program = findProgram(['tsp', 'ts']);
  if (program === null) return null;
  const dir = makeDirectory('tsp');
  const env = {
    PATH: process.env['PATH'],
    TMPDIR: dir,
    TS_SOCKET: path.join(dir, 'socket'),
    TS_MAXFINISHED: '100000',
    TS_ONFINISH: undefined,
  };
  const tsp = async (...args: readonly string[]): Promise<string> =>
    (await run(program, args, { env, cwd: dir })).stdout;
  try {
    const version = /v[\d.]+/.exec(execFileSync(program, ['-V'], { env, encoding: 'utf8' }))?.[0] ?? '';
    await tsp('-S', String(slots));
    return await work({ version, dir, tsp });
  } finally {
    // Ends the server and with it whatever still waits in its line.
    await tsp('-K').catch(() => undefined);
    removeDirectory(dir);
  }
}
