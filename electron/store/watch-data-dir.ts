/**
 * Notices that the data directory was deleted, moved away or replaced under a running engine. SQLite would go on in the files that
 * nobody can see any more: everything submitted from then on would be lost, and a second engine could start beside this one.
 */
import { statSync } from 'node:fs';
import type { DataPaths } from '../ports/data-dir.ts';

const LOOK_EVERY_MS = 2_000;

/**
 * @param onLost called once, with a sentence for the user. The caller must end without cleaning up: under these names there may be
 *   the files of somebody else by now
 * @returns the function that ends the watch
 */
export function watchDataDir(
  paths: DataPaths,
  onLost: (message: string) => void,
  lookEveryMs: number = LOOK_EVERY_MS,
): () => void {
  const held = identify(paths.database);
  if (held === null) return () => undefined;
  const timer = setInterval(() => {
    const now = identify(paths.database);
    if (now === held || now === 'unknown') return;
    clearInterval(timer);
    onLost(
      `The data directory ${paths.dir} was ${now === null ? 'deleted or moved away' : 'replaced'} while ` +
        'Switchyard worked on it. It stops here, because nothing could be saved any more; trials that run go ' +
        'on unwatched. Put the directory back and start Switchyard again, or start it for a fresh one.',
    );
  }, lookEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** @returns device and inode; null when there is no such file; 'unknown' when the file system does not answer now */
function identify(file: string): string | null {
  try {
    const found = statSync(file, { throwIfNoEntry: false, bigint: true });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTDIR' ? null : 'unknown';
  }
}
