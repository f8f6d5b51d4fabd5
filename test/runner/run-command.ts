/** Runs one program of a test stage: output kept, process group killed at its time limit. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface CommandResult {
  /** null when it was killed or never started. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly timedOut: boolean;
}

/** Output kept per command, bytes; the end is what explains a failure. */
const KEPT_OUTPUT_BYTES = 2 * 1024 * 1024;

/**
 * @param command program and arguments; no shell
 * @param timeLimitMs after which the whole process group is killed
 * @param echo also passes the output through as it comes
 */
export function runCommand(
  command: readonly string[],
  options: { readonly timeLimitMs: number; readonly env?: NodeJS.ProcessEnv; readonly echo?: boolean },
): Promise<CommandResult> {
  const [program = '', ...args] = command;
  const bin = path.join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env, ...options.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` };
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let timedOut = false;
    const keep = (chunk: Buffer): void => {
      if (options.echo === true) process.stdout.write(chunk);
      chunks.push(chunk);
      size += chunk.length;
      while (size > KEPT_OUTPUT_BYTES && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, options.timeLimitMs);
    process.once('exit', killGroup);
    const finish = (exitCode: number | null, extra: string): void => {
      clearTimeout(timer);
      process.removeListener('exit', killGroup);
      const late = timedOut ? `\nstopped after ${Math.round(options.timeLimitMs / 1000)} s` : '';
      resolve({
        exitCode: timedOut ? null : exitCode,
        output: Buffer.concat(chunks).toString('utf8') + extra + late,
        timedOut,
      });
    };
    child.on('error', (error) => finish(null, `\n${error.message}`));
    child.on('close', (code) => finish(code, ''));
  });
}
