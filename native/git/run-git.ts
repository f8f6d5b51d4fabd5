/**
 * Running git on the engine's own repository, and on nothing else: it never gets to see a directory of the user's. It gets no variable
 * of the engine's but the path to programs, no configuration but that repository's, no hooks and no network.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import os from 'node:os';
import type { Readable, Writable } from 'node:stream';

const NULL_DEVICE = os.devNull;
const CONFIG = [
  `core.hooksPath=${NULL_DEVICE}`,
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'protocol.allow=never',
  'gc.auto=0',
  'maintenance.auto=false',
  // However few objects an import has, they stay in one pack: no pile of loose files.
  'fastimport.unpackLimit=0',
  'transfer.unpackLimit=0',
  // Packing goes on beside the trials.
  'pack.threads=1',
  'pack.windowMemory=64m',
];

/** git said no. `isDiskFull` where that was the reason. */
export class GitError extends Error {
  readonly isDiskFull: boolean;
  constructor(command: string, said: string) {
    super(`git ${command}: ${said.trim() === '' ? 'ended without a word' : said.trim().slice(0, 2000)}`);
    this.name = 'GitError';
    this.isDiskFull = /No space left on device|Disk quota exceeded/i.test(said);
  }
}

export interface GitProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Settles when it has ended and its output was read. Never rejects. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

export interface GitCall {
  /** Variables of git's own that this call needs. */
  readonly env?: Readonly<Record<string, string>>;
  readonly isBackground?: boolean;
  readonly timeoutMs?: number;
}

const STDERR_KEPT = 8_000;
const BACKGROUND_NICENESS = 10;

export function gitEnv(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    ...(process.env['TMPDIR'] === undefined ? {} : { TMPDIR: process.env['TMPDIR'] }),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: NULL_DEVICE,
    GIT_CONFIG_GLOBAL: NULL_DEVICE,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
  };
}

/** @param repository a bare repository of the engine's */
export function startGit(repository: string, args: readonly string[], call: GitCall = {}): GitProcess {
  const child = spawn('git', [`--git-dir=${repository}`, ...CONFIG.flatMap((one) => ['-c', one]), ...args], {
    cwd: repository,
    env: { ...gitEnv(), ...call.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(call.timeoutMs === undefined ? {} : { timeout: call.timeoutMs, killSignal: 'SIGKILL' as const }),
  });
  if (call.isBackground === true && child.pid !== undefined) {
    try {
      os.setPriority(child.pid, BACKGROUND_NICENESS);
    } catch {
      // It ended already, or the system does not let us: then it runs like the others.
    }
  }
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < STDERR_KEPT) stderr += chunk.toString('utf8');
  });
  // It may end before it has read everything; its exit says so.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('error', (error) => {
      resolve({ code: null, stderr: error.message });
    });
    child.on('close', (code) => {
      resolve({ code, stderr });
    });
  });
  return { child, ended };
}

/** @returns its whole output. @throws GitError unless it exits with 0 */
export async function runGit(
  repository: string,
  args: readonly string[],
  input = '',
  call: GitCall = {},
): Promise<Buffer> {
  const { child, ended } = startGit(repository, args, call);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(input);
  const { code, stderr } = await ended;
  if (code !== 0) throw new GitError(args[0] ?? '', stderr);
  return Buffer.concat(chunks);
}
