/** What everything stands on: the lock on the data directory, the engine's log, the store and the way it is changed. */
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngineLog, type EngineLog } from '../../native/host/engine-log.ts';
import { refuseDebugger } from '../../native/host/refuse-debugger.ts';
import { systemClock } from '../../native/host/system-clock.ts';
import { openKeyFileBox } from '../../native/secrets/key-file.ts';
import type { Clock } from '../ports/clock.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { ensureWorkstationPool } from '../queue/pools.ts';
import { openStore, type Store } from '../store/database.ts';
import { takeLock } from '../store/lock.ts';
import { giveFromReserve } from '../store/reserve.ts';
import { takeIdentity } from '../store/meta.ts';
import { createTrialChanges, type TrialChanges } from '../trials/life/change-trials.ts';
import type { Closers } from './closers.ts';
import type { EngineOptions } from './engine-options.ts';

const HERE = path.dirname(fileURLToPath(import.meta.url));

export interface Ground {
  readonly closers: Closers;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly startedAtMs: number;
  readonly paths: DataPaths;
  readonly resourcesDir: string;
  readonly cpuCount: number;
  readonly log: EngineLog;
  /** Writes what nobody waits for and what failed all the same to the log. */
  readonly report: (text: string, error: unknown) => void;
  readonly store: Store;
  readonly changes: TrialChanges;
  readonly engineId: string;
  /** The data directory is a copy of another's. */
  readonly isCopy: boolean;
  readonly secrets: SecretBox;
}

/**
 * Makes the names in the data directory, and its own, outlast a power cut: SQLite sees to what is in its files, a submit to its snapshot,
 * but both stand on directories that may have been made a moment ago.
 */
function syncNames(dir: string): void {
  if (process.platform === 'win32') return;
  for (const one of [dir, path.dirname(dir)]) {
    try {
      const descriptor = openSync(one, 'r');
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // A parent that may not be opened, or a file system that knows no such thing.
    }
  }
}

/** @throws SwitchyardError data_dir_locked, and the store's; the system's error when a file cannot be made */
export function openGround(options: EngineOptions, paths: DataPaths, closers: Closers): Ground {
  const clock = options.clock ?? systemClock;
  const nowMs = (): number => clock.nowMs();
  const startedAtMs = nowMs();
  const lock = takeLock(paths, { pid: process.pid, startedAtMs, socket: paths.socket, version: options.version });
  closers.add(() => {
    lock.release();
  });
  closers.add(refuseDebugger());
  const log = openEngineLog(paths.engineLog);
  closers.add(() => {
    log.flush();
  });
  const report = (text: string, error: unknown): void => {
    log.error(text, error);
  };
  for (const dir of [paths.trials, paths.snapshots]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const store = openStore(paths.database, {
    nowMs,
    onSlow: (name, tookMs) => {
      log.warn('slow transaction', { name, tookMs });
    },
    makeRoom: () => giveFromReserve(paths.reserve),
    onListenerError: (error) => {
      report('what follows a commit failed', error);
    },
  });
  closers.add(() => {
    store.close();
  });
  syncNames(paths.dir);
  const cpuCount = os.availableParallelism();
  ensureWorkstationPool(store, cpuCount);
  return {
    closers,
    clock,
    nowMs,
    startedAtMs,
    paths,
    resourcesDir: options.resourcesDir ?? path.join(HERE, '..', '..', 'resources'),
    cpuCount,
    log,
    report,
    store,
    changes: createTrialChanges(store, report),
    ...takeIdentity(store, { path: realpathSync(paths.dir), inode: String(statSync(paths.dir).ino) }),
    secrets: openKeyFileBox(path.join(paths.dir, 'secret.key')),
  };
}
