/** Puts a downloaded and verified version in the place of this one, and starts it when this process has ended. */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';

/**
 * Replaces the file of an AppImage in one step; the one that runs keeps its mount until it ends.
 *
 * @param current the file this program was started from; one with a version in its name takes the new file's name
 * @returns where the new one lies
 */
export async function replaceAppImage(fresh: string, current: string): Promise<string> {
  const isNamedByVersion = /\d+\.\d+\.\d+/.test(path.basename(current));
  const destination = isNamedByVersion ? path.join(path.dirname(current), path.basename(fresh)) : current;
  // Beside it: a rename is one step on the same disk only, and a full disk must not cost the old one.
  const aside = path.join(path.dirname(current), `.switchyard-${randomUUID()}.new`);
  try {
    await fs.copyFile(fresh, aside);
    const { mode } = await fs.stat(current);
    const file = await fs.open(aside, 'r+');
    try {
      await file.chmod((mode & 0o777) | 0o500);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(aside, destination);
  } finally {
    await fs.rm(aside, { force: true });
  }
  if (destination !== current) await fs.rm(current, { force: true });
  return destination;
}

/** @returns whether the file can be replaced: its folder is written to */
export async function canReplace(file: string): Promise<boolean> {
  return fs.access(path.dirname(file), fs.constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** `failed` has what the package manager said last. */
export type DebResult =
  { readonly kind: 'done' } | { readonly kind: 'dismissed' } | { readonly kind: 'failed'; readonly why: string };

/** Has the system's package manager install a package; the desktop asks for a password. Never rejects. */
export function installDeb(file: string, isRoot: boolean): Promise<DebResult> {
  const manager = ['apt-get', 'install', '--yes', file] as const;
  const [program, ...args] = isRoot ? manager : (['pkexec', ...manager] as const);
  return new Promise((resolve) => {
    execFile(program, args, (error, _stdout, stderr) => {
      if (error === null) resolve({ kind: 'done' });
      // pkexec: the question was closed.
      else if (!isRoot && error.code === 126) resolve({ kind: 'dismissed' });
      else resolve({ kind: 'failed', why: stderr.trim().split('\n').at(-1) || error.message });
    });
  });
}

const WAIT_THEN_START = 'while kill -0 "$1" 2>/dev/null; do sleep 0.2; done; shift; exec "$@"';

/**
 * Starts a program once this process has ended: before, it would find this one and leave. Not Electron's relaunch, whose helper runs out of
 * an AppImage's mount, which is gone by then.
 */
export function startAfterEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const waiting = spawn(
    '/bin/sh',
    ['-c', WAIT_THEN_START, 'switchyard-restart', String(process.pid), program, ...args],
    {
      detached: true,
      stdio: 'ignore',
      cwd: '/',
      env,
    },
  );
  // Without a shell nothing starts by itself; the user does.
  waiting.on('error', () => undefined);
  waiting.unref();
}
