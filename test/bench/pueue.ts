/** pueue, the peer with a daemon and a queue that outlives it: a private daemon per benchmark, where it is installed. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../runner/components.ts';
import { removeDirectory } from '../support/engine-process.ts';
import { makeDirectory } from './yard.ts';

const run = promisify(execFile);
const READY_WITHIN_MS = 20_000;
const ASK_AGAIN_MS = 50;

export interface Pueue {
  readonly version: string;
  /** Runs `pueue` with these arguments against the private daemon. @returns what it printed */
  pueue(...args: readonly string[]): Promise<string>;
}

/**
 * @returns what `work` returns; null when pueue and its daemon are not installed
 * @throws Error when the daemon does not answer in time
 */
export async function withPueue<T>(work: (peer: Pueue) => Promise<T>): Promise<T | null> {
  const program = findProgram(['pueue']);
  const daemonProgram = findProgram(['pueued']);
  if (program === null || daemonProgram === null) return null;
  const dir = makeDirectory('pueue');
  const config = path.join(dir, 'pueue.yml');
  const shared = {
    pueue_directory: dir,
    runtime_directory: dir,
    use_unix_socket: true,
    unix_socket_path: path.join(dir, 'socket'),
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ client: {}, daemon: {}, shared }));
  const pueue = async (...args: readonly string[]): Promise<string> =>
    (await run(program, ['-c', config, ...args], { cwd: dir })).stdout;
  const daemon = spawn(daemonProgram, ['-c', config], { cwd: dir, stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  try {
    const version = /[\d.]+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
    await answers(() => pueue('status'));
    return await work({ version, pueue });
  } finally {
    daemon.kill('SIGTERM');
    await ended;
    removeDirectory(dir);
  }
}

async function answers(ask: () => Promise<unknown>): Promise<void> {
  const untilMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}
