/**
 * The one SQLite database of an engine and the shape of every change:
 * `transact` runs rows and events in one transaction, and tells the listeners what changed after the commit.
 *
 * A listener that throws is reported and takes nothing back: the change is saved, and whoever made it must go on as after any other.
 *
 * Durability: WAL with synchronous=FULL, so a submit that was acknowledged survives a crash of the process and of the machine. Changes
 * that nobody waits for (`synced: 'soon'`) reach the disk a moment later, several with one sync, and in their order; what must not
 * happen before that waits for `durable`.
 * Only the engine that holds the lock (store/lock.ts) may open the database.
 */
import Sqlite from 'better-sqlite3';
import { closeSync, existsSync, fdatasync, openSync } from 'node:fs';
import { SwitchyardError } from '../contract/errors.ts';
import { migrate } from './migrate.ts';
import { createWalSync } from './wal-sync.ts';

/** Statements slower than this are reported by name: they block the whole engine. */
const SLOW_TRANSACTION_MS = 40;
/** Above this size the start-up integrity check would take seconds; it is then left out. */
const CHECK_LIMIT_PAGES = 50_000;

export interface Commit {
  /** Sequence number of the newest event after this commit. */
  readonly seq: number;
  readonly trialIds: ReadonlySet<number>;
  readonly removedTrialIds: ReadonlySet<number>;
  readonly poolIds: ReadonlySet<string>;
}

export interface NewEvent {
  readonly type: string;
  readonly trialId?: number;
  readonly poolId?: string;
  /** One sentence for the history of the trial. Never holds a secret. */
  readonly text: string;
}

/** What a running transaction offers besides the rows themselves. */
export interface Tx {
  readonly db: Sqlite.Database;
  readonly nowMs: number;
  emit(event: NewEvent): void;
  /** Marks a trial as deleted for the feed (its row is gone). */
  removed(trialId: number): void;
}

export interface Store {
  readonly db: Sqlite.Database;
  /**
   * Runs `work` in one immediate transaction; nested calls are a bug and throw.
   * With 'must' a full disk is no reason to refuse: room is made and `work` runs again. For what is true whether or not it can be saved,
   * and for what gives room back; not for what takes more.
   * @param synced 'soon': for what is acknowledged to nobody. A crash of the engine takes none of it back, a power cut may take the last moment
   * @throws SwitchyardError disk_full, database_busy, database_read_only or database_corrupt for SQLite's own refusals; whatever `work` throws (rolled back)
   */
  transact<T>(name: string, work: (tx: Tx) => T, must?: 'must', synced?: 'now' | 'soon'): T;
  /** Settles when all that is committed by now survives a power cut. @throws SwitchyardError when the disk refused it */
  durable(): Promise<void>;
  onCommit(listener: (commit: Commit) => void): void;
  /** The newest event's number. */
  seq(): number;
  close(): void;
}

export interface StoreOptions {
  readonly nowMs: () => number;
  readonly onSlow?: (name: string, tookMs: number) => void;
  /** A listener threw after a commit. Without this it becomes an uncaught exception of its own: never one of the transaction. */
  readonly onListenerError?: (error: unknown) => void;
  /** Makes room on a full disk, once. @returns false when there is none to make */
  readonly makeRoom?: () => boolean;
}

const statements = new WeakMap<Sqlite.Database, Map<string, Sqlite.Statement>>();

/** @returns the prepared statement for `sql`, prepared once per database. */
export function prepared(db: Sqlite.Database, sql: string): Sqlite.Statement<unknown[], unknown> {
  let cache = statements.get(db);
  if (cache === undefined) statements.set(db, (cache = new Map()));
  let statement = cache.get(sql);
  if (statement === undefined) cache.set(sql, (statement = db.prepare(sql)));
  return statement;
}

/** The disk did not give what is on it; whether that is damaged nobody knows. */
const READ_FAULTS: ReadonlySet<string> = new Set([
  'SQLITE_IOERR',
  'SQLITE_IOERR_READ',
  'SQLITE_IOERR_SHORT_READ',
  'SQLITE_IOERR_FSTAT',
  'SQLITE_IOERR_CORRUPTFS',
]);

/** @returns what a check of the database said, with a fault of the disk told from damage. SQLite's codes for the first end in 10. */
export function verdictError(verdict: string): Error {
  const code = Number(/error code=(\d+)/.exec(verdict)?.[1] ?? 0) & 0xff;
  return new Sqlite.SqliteError(
    verdict,
    code === 10 || /disk I\/O error/.test(verdict) ? 'SQLITE_IOERR_READ' : 'SQLITE_CORRUPT',
  );
}

/** @returns SQLite's refusals as errors for people; anything else unchanged. */
export function coerceSqliteError(error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const code = error.code;
  if (READ_FAULTS.has(code))
    return new SwitchyardError(
      'disk_failing',
      `The disk with the data directory could not be read (${error.message}). The database itself may well be whole.`,
      {
        remedy:
          'Leave switchyard.db where it is. See what the system says of that disk or network share (dmesg), then try again; ' +
          'copy the data directory away before the disk gets worse.',
      },
    );
  if (code.startsWith('SQLITE_FULL') || code.startsWith('SQLITE_IOERR')) {
    return new SwitchyardError(
      'disk_full',
      'The change was not saved: the disk with the data directory is full or failing. Nothing was lost.',
      { remedy: 'Free some space on that disk, then try again.' },
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new SwitchyardError(
      'database_busy',
      'The change was not saved: another program holds the database locked.',
      { remedy: 'Close the program that has switchyard.db open (a database browser, a backup), then try again.' },
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) {
    return new SwitchyardError('database_corrupt', `The database is damaged (${error.message}). Nothing was changed.`, {
      remedy:
        'Move switchyard.db and switchyard.db-wal out of the data directory and keep them; put a backup in their place, or start with an empty queue.',
    });
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM')) {
    return new SwitchyardError('database_read_only', `The database cannot be written (${error.message}).`, {
      remedy: 'Check owner and permissions of the data directory and of switchyard.db in it.',
    });
  }
  return error;
}

/**
 * Opens (creating if needed) the database at `file`, checks it and migrates it.
 * @throws SwitchyardError database_corrupt, database_newer, database_busy, database_read_only
 */
export function openStore(file: string, options: StoreOptions): Store {
  const existed = existsSync(file);
  let db: Sqlite.Database | undefined;
  try {
    // SQLite gives the WAL the permissions of the database: it is made private before it is opened.
    if (!existed) closeSync(openSync(file, 'a', 0o600));
    db = new Sqlite(file, { timeout: 3000 });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    if (existed && (db.pragma('page_count', { simple: true }) as number) <= CHECK_LIMIT_PAGES) {
      const verdict = db.pragma('quick_check(1)', { simple: true });
      if (verdict !== 'ok') throw verdictError(String(verdict));
    }
    migrate(db);
  } catch (error) {
    db?.close();
    throw coerceSqliteError(error);
  }
  return createStore(db, file, options);
}

function createStore(db: Sqlite.Database, file: string, options: StoreOptions): Store {
  const wal = openWal(file);
  const walSync = createWalSync((done) => {
    wal.sync(done);
  });
  let isSyncingItself = true;
  const listeners: ((commit: Commit) => void)[] = [];
  const onListenerError =
    options.onListenerError ??
    ((error: unknown) => {
      queueMicrotask(() => {
        throw error;
      });
    });
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const insertEvent = db.prepare('INSERT INTO event (at_ms, type, trial_id, pool_id, text) VALUES (?, ?, ?, ?, ?)');
  let seq =
    db.prepare<[], { seq: number | null }>("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get()?.seq ?? 0;

  /** Whether commits wait for the disk. */
  function letCommitsSync(wanted: boolean): void {
    if (wanted === isSyncingItself) return;
    db.pragma(`synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isSyncingItself = wanted;
  }

  function transact<T>(name: string, work: (tx: Tx) => T, must?: 'must', synced: 'now' | 'soon' = 'now'): T {
    for (;;) {
      try {
        return transactOnce(name, work, synced);
      } catch (error) {
        const isFull = error instanceof SwitchyardError && error.code === 'disk_full';
        if (must === undefined || !isFull || options.makeRoom?.() !== true) throw error;
      }
    }
  }

  function transactOnce<T>(name: string, work: (tx: Tx) => T, synced: 'now' | 'soon'): T {
    const startedMs = performance.now();
    const trialIds = new Set<number>();
    const removedTrialIds = new Set<number>();
    const poolIds = new Set<string>();
    const nowMs = options.nowMs();
    let newSeq = seq;
    let result: T;
    try {
      letCommitsSync(synced === 'now' || walSync.isBroken());
      begin.run();
      try {
        result = work({
          db,
          nowMs,
          emit(event) {
            newSeq = Number(
              insertEvent.run(nowMs, event.type, event.trialId ?? null, event.poolId ?? null, event.text)
                .lastInsertRowid,
            );
            if (event.trialId !== undefined) trialIds.add(event.trialId);
            if (event.poolId !== undefined) poolIds.add(event.poolId);
          },
          removed(trialId) {
            removedTrialIds.add(trialId);
          },
        });
        commit.run();
      } catch (error) {
        // A failed COMMIT on a full disk may already have rolled back by itself.
        if (db.inTransaction) rollback.run();
        throw error;
      }
    } catch (error) {
      throw coerceSqliteError(error);
    }
    seq = newSeq;
    if (isSyncingItself) walSync.allSynced();
    else walSync.committed();
    const tookMs = performance.now() - startedMs;
    if (tookMs > SLOW_TRANSACTION_MS) options.onSlow?.(name, tookMs);
    for (const id of removedTrialIds) trialIds.delete(id);
    const done: Commit = { seq, trialIds, removedTrialIds, poolIds };
    for (const listener of listeners) {
      try {
        listener(done);
      } catch (error) {
        onListenerError(error);
      }
    }
    return result;
  }

  return {
    db,
    transact,
    durable: async () => {
      await walSync.durable().catch((error: unknown) => {
        const what = error instanceof Error ? error.message : String(error);
        throw coerceSqliteError(new Sqlite.SqliteError(what, 'SQLITE_IOERR_FSYNC'));
      });
    },
    onCommit: (listener) => {
      listeners.push(listener);
    },
    seq: () => seq,
    close: () => {
      wal.close();
      db.close();
    },
  };
}

/** The write-ahead log beside the database, which is there once anything was written. SQLite puts no locks on it that a close could lift. */
function openWal(file: string): { sync(done: (error: Error | null) => void): void; close(): void } {
  let wal: number | null = null;
  let isBusy = false;
  let isClosed = false;
  const close = (): void => {
    if (wal !== null) closeSync(wal);
    wal = null;
  };
  return {
    sync(done) {
      try {
        wal ??= openSync(`${file}-wal`, 'r+');
        isBusy = true;
        fdatasync(wal, (error) => {
          isBusy = false;
          if (isClosed) close();
          done(error);
        });
      } catch (error) {
        done(error as Error);
      }
    },
    close() {
      isClosed = true;
      if (!isBusy) close();
    },
  };
}
