/** Single values of the database: its engine's id, the last boot seen, settings. */
import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { prepared, type Store } from './database.ts';

export function getMeta(db: Database, key: string): string | null {
  return (
    (prepared(db, 'SELECT value FROM meta WHERE key = ?').get(key) as { value: string } | undefined)?.value ?? null
  );
}

export function setMeta(db: Database, key: string, value: string): void {
  prepared(
    db,
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  ).run(key, value);
}

export interface Identity {
  /** The short random name of this database's engine: labels and names of attempts carry it. */
  readonly engineId: string;
  /** The data directory was copied: what its database calls running belongs to the original's engine. */
  readonly isCopy: boolean;
}

/** Where a data directory is: a move keeps the inode, a restored backup the path; what has neither any more is a copy. */
export interface Home {
  readonly path: string;
  readonly inode: string;
}

/** Makes the name once, and another for a copy: two engines of one name would end each other's containers. */
export function takeIdentity(store: Store, home: Home): Identity {
  const known = getMeta(store.db, 'engine_id');
  const before = readHome(getMeta(store.db, 'home'));
  const isCopy = known !== null && before !== null && before.path !== home.path && before.inode !== home.inode;
  const engineId = known === null || isCopy ? randomBytes(4).toString('hex') : known;
  if (engineId !== known || before?.path !== home.path || before.inode !== home.inode)
    store.transact('name engine', (tx) => {
      setMeta(tx.db, 'engine_id', engineId);
      setMeta(tx.db, 'home', JSON.stringify([home.path, home.inode]));
    });
  return { engineId, isCopy };
}

function readHome(text: string | null): Home | null {
  if (text === null) return null;
  const [path, inode] = JSON.parse(text) as [string, string];
  return { path, inode };
}
