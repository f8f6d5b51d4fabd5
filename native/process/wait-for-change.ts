/** Waits until something may have changed in a directory: a notification, or at the latest after a second. */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';

/** Finds the death of a supervisor that left no file, and covers file systems without notifications. */
const LIVENESS_MS = 1_000;

export interface Change {
  readonly happened: Promise<void>;
  close(): void;
}

/** Starts to listen at once, so that a change between this call and the await is not missed. `stop` counts as a change. */
export function waitForChange(dir: string, stop: AbortSignal): Change {
  let watcher: FSWatcher | undefined;
  const { promise: happened, resolve } = Promise.withResolvers<void>();
  const wake = (): void => {
    resolve();
  };
  stop.addEventListener('abort', wake);
  const timer = setTimeout(wake, LIVENESS_MS);
  timer.unref();
  try {
    watcher = watch(dir, { persistent: false }, wake);
    watcher.on('error', () => undefined);
  } catch {
    // No such directory, or no watches left on this machine: the timer does it.
  }
  return {
    happened,
    close: () => {
      clearTimeout(timer);
      watcher?.close();
      stop.removeEventListener('abort', wake);
    },
  };
}
