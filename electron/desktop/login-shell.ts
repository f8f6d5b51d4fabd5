/**
 * Asks the user's login shell for its environment, once and for a short time: what ~/.profile, ~/.bashrc and the like set (conda,
 * pyenv, /usr/local/cuda/bin) is not in a desktop session's.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

/** A shell that asks something, or waits for a network drive, must not keep the queue waiting. */
const PATIENCE_MS = 8_000;
const MOST_CHARS = 1024 * 1024;

/** Those that take -i, -l and -c, each for itself. */
const KNOWN_SHELLS: ReadonlySet<string> = new Set(['bash', 'zsh', 'fish', 'ksh', 'mksh', 'dash', 'sh']);

/**
 * @param env the program's own; SHELL names the shell, else the one of the account
 * @returns null when it could not be asked or did not answer; never rejects
 */
export async function askLoginShell(
  env: NodeJS.ProcessEnv,
  patienceMs: number = PATIENCE_MS,
): Promise<Readonly<Record<string, string>> | null> {
  const shell = env['SHELL'] || accountShell();
  if (shell === null || !path.isAbsolute(shell) || !KNOWN_SHELLS.has(path.basename(shell))) return null;
  const mark = randomUUID();
  // Whatever else the shell's files print stands outside of the marks.
  const output = await run(
    shell,
    ['-i', '-l', '-c', `printf %s ${mark}; /usr/bin/env -0; printf %s ${mark}`],
    mark,
    env,
    patienceMs,
  );
  return output === null ? null : between(output, mark);
}

/** @returns the variables between two marks; null when there are none. Pure. */
export function between(output: string, mark: string): Readonly<Record<string, string>> | null {
  const [, block, rest] = output.split(mark);
  if (block === undefined || rest === undefined) return null;
  const variables = block.split('\0').flatMap((line) => {
    const at = line.indexOf('=');
    return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  });
  return Object.fromEntries(variables);
}

function accountShell(): string | null {
  try {
    return os.userInfo().shell;
  } catch {
    return null;
  }
}

function run(
  shell: string,
  args: readonly string[],
  mark: string,
  env: NodeJS.ProcessEnv,
  patienceMs: number,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(shell, args, {
      cwd: env['HOME'] ?? os.homedir(),
      env,
      // A session of its own: an interactive shell would take a terminal from whoever has it.
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    const end = (answer: string | null): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.unref();
      resolve(answer);
    };
    // One that hangs goes with what it waits for. What an orderly one left in the background is the user's.
    const timer = setTimeout(() => {
      killGroup(child.pid);
      end(null);
    }, patienceMs);
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      output += chunk;
      // Something in the background may hold the pipe open: what is wanted is complete with the second mark.
      if (output.split(mark).length > 2) end(output);
      else if (output.length > MOST_CHARS) end(null);
    });
    child.on('error', () => end(null));
    child.on('close', () => end(output));
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
