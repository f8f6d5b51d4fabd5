import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { coerceSqliteError, openStore, verdictError, type Store } from '../../../electron/store/database.ts';
import { MIGRATIONS } from '../../../electron/store/migrate.ts';

let dir: string;
let stores: Store[];
const open = (name = 'switchyard.db'): Store => {
  const store = openStore(path.join(dir, name), { nowMs: () => 1000 });
  stores.push(store);
  return store;
};
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SwitchyardError) return error.code;
    throw error;
  }
  return 'no error';
};

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-store-'));
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('opening', () => {
  test('a new database is private and complete', () => {
    const store = open();
    expect(store.db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(statSync(path.join(dir, 'switchyard.db')).mode & 0o777).toBe(0o600);
    expect(store.db.pragma('synchronous', { simple: true })).toBe(2);
  });

  test('a database from the future is refused and left as it is', () => {
    const file = path.join(dir, 'switchyard.db');
    open().close();
    stores = [];
    const db = new Sqlite(file);
    db.pragma(`user_version = ${MIGRATIONS.length + 7}`);
    db.close();
    expect(codeOf(() => open())).toBe('database_newer');
    const again = new Sqlite(file);
    expect(again.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 7);
    again.close();
  });

  test('a truncated database and a file that is none are named as damaged', () => {
    const store = open();
    store.transact('fill', (tx) => {
      for (let i = 0; i < 2000; i++) tx.emit({ type: 't', text: 'x'.repeat(100) });
    });
    store.close();
    stores = [];
    truncateSync(path.join(dir, 'switchyard.db'), 20_000);
    expect(codeOf(() => open())).toBe('database_corrupt');
    writeFileSync(path.join(dir, 'text.db'), 'this is not a database, whatever its name says. '.repeat(100));
    expect(codeOf(() => open('text.db'))).toBe('database_corrupt');
  });

  test('a database locked by somebody else is an error that says so, and nothing is lost', () => {
    const store = open();
    const other = new Sqlite(path.join(dir, 'switchyard.db'));
    other.exec('BEGIN IMMEDIATE');
    store.db.pragma('busy_timeout = 10');
    expect(
      codeOf(() =>
        store.transact('write', (tx) => {
          tx.emit({ type: 't', text: 'x' });
        }),
      ),
    ).toBe('database_busy');
    other.exec('ROLLBACK');
    other.close();
    store.transact('write', (tx) => {
      tx.emit({ type: 't', text: 'x' });
    });
    expect(store.seq()).toBe(1);
  });
});

describe('a file that cannot be written', () => {
  test('is not called busy: waiting for another program would not help', () => {
    const store = open();
    store.db.pragma('query_only = ON');
    expect(
      codeOf(() =>
        store.transact('write', (tx) => {
          tx.emit({ type: 't', text: 'x' });
        }),
      ),
    ).toBe('database_read_only');
  });
});

describe('transactions', () => {
  test('rows, events and listeners go together; a throw leaves nothing', () => {
    const store = open();
    const seen: number[] = [];
    store.onCommit(({ seq }) => {
      seen.push(seq);
    });
    expect(() =>
      store.transact('fails', (tx) => {
        tx.emit({ type: 't', text: 'x' });
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.seq()).toBe(0);
    store.transact('works', (tx) => {
      tx.emit({ type: 't', trialId: 3, text: 'x' });
    });
    expect(seen).toEqual([store.seq()]);
  });

  test('a listener that throws is reported; the change stands, the caller goes on, the other listeners hear of it', () => {
    const reported: unknown[] = [];
    const store = openStore(path.join(dir, 'listened.db'), {
      nowMs: () => 1000,
      onListenerError: (error) => {
        reported.push(error);
      },
    });
    stores.push(store);
    const broken = new Error('the feed is broken');
    const heard: number[] = [];
    store.onCommit(() => {
      throw broken;
    });
    store.onCommit(({ seq }) => {
      heard.push(seq);
    });
    const result = store.transact('works', (tx) => {
      tx.emit({ type: 't', text: 'x' });
      return 'what the caller performs next';
    });
    expect(result).toBe('what the caller performs next');
    expect(reported).toEqual([broken]);
    expect(heard).toEqual([1]);
    expect(store.seq()).toBe(1);
  });
});

describe('a disk that cannot be read', () => {
  const said = (error: unknown): { code: string; remedy: string } => {
    const known = coerceSqliteError(error);
    if (!(known instanceof SwitchyardError)) throw known;
    return { code: known.code, remedy: known.remedy ?? '' };
  };

  test('is no reason to move a healthy database away', () => {
    for (const code of ['SQLITE_IOERR_READ', 'SQLITE_IOERR_SHORT_READ', 'SQLITE_IOERR']) {
      const { code: told, remedy } = said(new Sqlite.SqliteError('disk I/O error', code));
      expect(told).toBe('disk_failing');
      expect(remedy).toMatch(/^Leave switchyard.db where it is/);
    }
    // As the check at the start names a page that the disk does not give.
    expect(said(verdictError('Tree 4 page 7: unable to get the page. error code=266')).code).toBe('disk_failing');
  });

  test('is told from damage and from a disk that takes nothing', () => {
    expect(said(verdictError('Tree 4 page 7: btreeInitPage() returns error code 11')).code).toBe('database_corrupt');
    expect(said(new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE')).code).toBe('disk_full');
  });
});
