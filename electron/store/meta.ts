/** Single values of the database: its engine's id, the last boot seen, settings. */
import type { Database } from 'better-sqlite3';
import { prepared } from './database.ts';

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
