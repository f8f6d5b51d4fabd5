/**
 * One owner per data directory. The lock is an SQLite file held in exclusive mode: the operating system gives it up when the
 * process dies, however it dies. Beside it engine.lock tells people and clients who the owner is; it is information, not the lock.
 */
import Sqlite from 'better-sqlite3';
import fs, { chmodSync, closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SwitchyardError } from '../contract/errors.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import { makePrivateDirectory } from '../ports/make-private-directory.ts';

export interface OwnerInfo {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly socket: string;
  readonly version: string;
}

export interface Lock {
  release(): void;
}

/** @returns what engine.lock says; null when there is none. Its owner may be gone: connect to the socket to find out. */
export function readOwner(paths: DataPaths): OwnerInfo | null {
  try {
    return JSON.parse(readFileSync(paths.lock, 'utf8')) as OwnerInfo;
  } catch {
    return null;
  }
}

/**
 * Creates the data directory (0700) and takes the lock.
 * @throws SwitchyardError data_dir_locked naming the owner, when another engine has it
 */
export function takeLock(paths: DataPaths, owner: OwnerInfo): Lock {
  makePrivateDirectory(paths.dir, fs);
  chmodSync(paths.dir, 0o700);
  const file = path.join(paths.dir, 'owner.db');
  closeSync(openSync(file, 'a', 0o600));
  const db = new Sqlite(file, { timeout: 0 });
  try {
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS owner (x); COMMIT');
  } catch (error) {
    db.close();
    if (!(error instanceof Sqlite.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
    const other = readOwner(paths);
    throw new SwitchyardError(
      'data_dir_locked',
      `Another Switchyard engine${other === null ? '' : ` (process ${other.pid})`} already works on ${paths.dir}.`,
      {
        remedy:
          'Use that one (switchyard open), stop it (switchyard stop), or give this one another directory with SWITCHYARD_HOME.',
      },
    );
  }
  try {
    const draft = `${paths.lock}.draft`;
    writeFileSync(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    renameSync(draft, paths.lock);
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    release() {
      rmSync(paths.lock, { force: true });
      db.close();
    },
  };
}
