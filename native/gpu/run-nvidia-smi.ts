/**
 * Runs nvidia-smi once, so that nothing it does can hold us up: it may hang in the kernel where no signal reaches it, and a
 * child of it may keep the pipes open after it is gone. The caller gets an answer at the deadline in any case.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';

export interface SmiRun {
  /** missing: no such program; failed: it is there but cannot be started; hung: it did not end in time. */
  readonly kind: 'output' | 'missing' | 'failed' | 'hung';
  /** stdout, then stderr on its own lines. Known error texts may be in either. */
  readonly text: string;
  readonly exitCode: number | null;
  readonly tookMs: number;
  /** For `hung`: settles when the process is really gone, which may be never. */
  readonly gone: Promise<void> | null;
}

/** After the program has ended, this long is waited for output that a child of it may still hold. */
const PIPE_GRACE_MS = 250;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

const USUAL_PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: [
    '/usr/bin/nvidia-smi',
    '/usr/lib/wsl/lib/nvidia-smi',
    '/usr/local/bin/nvidia-smi',
    '/run/current-system/sw/bin/nvidia-smi',
    '/opt/bin/nvidia-smi',
  ],
  win32: ['C:\\Windows\\System32\\nvidia-smi.exe', 'C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvidia-smi.exe'],
};

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param command a program named by the caller; SWITCHYARD_NVIDIA_SMI comes next and excludes every other place
 * @returns the program to run, or null when there is none
 */
export function findNvidiaSmi(
  command: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): string | null {
  const named = command ?? env['SWITCHYARD_NVIDIA_SMI'];
  if (named !== undefined && named !== '') return isProgram(named) ? named : null;
  const file = platform === 'win32' ? 'nvidia-smi.exe' : 'nvidia-smi';
  const onPath = (env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((dir) => path.isAbsolute(dir))
    .map((dir) => path.join(dir, file));
  return [...onPath, ...(USUAL_PLACES[platform] ?? [])].find(isProgram) ?? null;
}

/**
 * @param file absolute path of the program
 * @param timeoutMs the answer comes after this time at the latest
 * @returns never rejects
 */
export async function runNvidiaSmi(
  file: string,
  args: readonly string[],
  timeoutMs: number,
  env: NodeJS.ProcessEnv,
): Promise<SmiRun> {
  const startedAt = performance.now();
  const subprocess = execa(file, args, {
    env: { ...env, LC_ALL: 'C', LANG: 'C' },
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    // Own process group: a wrapper script is killed together with what it started.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const child = subprocess.nodeChildProcess;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let size = 0;
  const collect =
    (into: Buffer[]) =>
    (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= MAX_OUTPUT_BYTES) into.push(chunk);
    };
  child.stdout?.on('data', collect(out)).on('error', () => undefined);
  child.stderr?.on('data', collect(err)).on('error', () => undefined);

  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'hung'>((resolve) => {
    timer = setTimeout(() => resolve('hung'), timeoutMs);
    // The child itself keeps us alive as long as we wait for it.
    timer.unref();
  });
  const ended = exited.then(async () => {
    let grace: NodeJS.Timeout | undefined;
    await Promise.race([
      subprocess,
      new Promise<void>((resolve) => {
        grace = setTimeout(resolve, PIPE_GRACE_MS);
      }),
    ]);
    clearTimeout(grace);
    return 'ended' as const;
  });
  const how = await Promise.race([ended, deadline]);
  clearTimeout(timer);

  const stillOpen = child.stdout?.readableEnded === false || child.stderr?.readableEnded === false;
  if (how === 'hung' || stillOpen) {
    if (child.pid !== undefined) {
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    }
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
  const tookMs = performance.now() - startedAt;
  const text = [Buffer.concat(out).toString('utf8'), Buffer.concat(err).toString('utf8')]
    .filter((part) => part !== '')
    .join('\n');
  if (how === 'hung') return { kind: 'hung', text, exitCode: null, tookMs, gone: exited };
  if (child.exitCode === null && child.signalCode === null) {
    const result = await subprocess;
    const code = 'code' in result ? result.code : undefined;
    if (code === 'ENOENT') return { kind: 'missing', text: '', exitCode: null, tookMs, gone: null };
    return { kind: 'failed', text: result.shortMessage ?? text, exitCode: null, tookMs, gone: null };
  }
  return { kind: 'output', text, exitCode: child.exitCode, tookMs, gone: null };
}
