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

/** @returns the short random name of this database's engine, made once: labels and names of attempts carry it */
export function ensureEngineId(store: Store): string {
  const known = getMeta(store.db, 'engine_id');
  if (known !== null) return known;
  const id = randomBytes(4).toString('hex');
  store.transact('name engine', (tx) => {
    setMeta(tx.db, 'engine_id', id);
  });
  return id;
}
