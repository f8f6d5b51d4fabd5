/** Waits until a file that others append to has grown, without polling it in a loop. */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';

/** File systems without change events (network mounts, some VM shares) are looked at this often. */
const FALLBACK_MS = 2_000;

export interface GrowthWait {
  readonly filePath: string;
  /** Size already seen, bytes; 0 while the file does not exist. */
  readonly knownBytes: number;
  /** Any of these ends the wait early. */
  readonly signals: readonly AbortSignal[];
  readonly fallbackMs?: number;
}

/**
 * Resolves when the file may be longer than `knownBytes`, when a signal fires, or after the fallback interval; the caller
 * looks again in any case. The watcher lives for one wait only: a program that writes thousands of lines a second would
 * otherwise wake the event loop for each of them.
 */
export async function waitForGrowth(wait: GrowthWait): Promise<void> {
  if (wait.signals.some((signal) => signal.aborted)) return;
  const changed = new AbortController();
  const wake = (): void => changed.abort();
  // A file that does not exist yet is waited for in its directory.
  const watcher = tryWatch(wait.filePath, wake) ?? tryWatch(path.dirname(wait.filePath), wake);
  try {
    // Armed first, looked second: what was written in between is not missed.
    if ((await sizeOf(wait.filePath)) > wait.knownBytes) return;
    await restUntil(wait.fallbackMs ?? FALLBACK_MS, [...wait.signals, changed.signal]);
  } finally {
    watcher?.close();
  }
}

/** Rests for `ms` milliseconds or until one of the signals fires. Leaves no listener behind, however long the signals live. */
export async function restUntil(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  if (ms <= 0 || signals.some((signal) => signal.aborted)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  const timer = setTimeout(wake, ms);
  for (const signal of signals) signal.addEventListener('abort', wake, { once: true });
  await promise;
  clearTimeout(timer);
  for (const signal of signals) signal.removeEventListener('abort', wake);
}

/** @returns the file's size in bytes; 0 when it does not exist, is no plain file (a link, a pipe) or cannot be seen (its trial's doing) */
export async function sizeOf(filePath: string): Promise<number> {
  try {
    const found = await lstat(filePath);
    return found.isFile() ? found.size : 0;
  } catch (error) {
    if (isOutOfReach(error)) return 0;
    throw error;
  }
}

/** Missing, or behind something that a trial put in the place of its directory. */
export function isOutOfReach(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(String(error.code))
  );
}

/** @returns null where watching is impossible (no such path, no watches left); the fallback timer does the work then */
function tryWatch(target: string, wake: () => void): FSWatcher | null {
  try {
    const watcher = watch(target, { persistent: true }, wake);
    watcher.on('error', wake);
    return watcher;
  } catch {
    return null;
  }
}
