/** Rows of the meta, undo and garbage tables. */
import type { Database } from 'better-sqlite3';
import { prepared } from './database.ts';

export function getMeta(db: Database, key: string): string | null {
  return (prepared(db, 'SELECT value FROM meta WHERE key = ?').get(key) as { value: string } | undefined)?.value ?? null;
}

export function setMeta(db: Database, key: string, value: string): void {
  prepared(db, 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value').run(key, value);
}

/** How many steps back can be undone. */
const UNDO_DEPTH = 200;

export function insertUndo(db: Database, atMs: number, kind: string, data: unknown): number {
  const id = Number(prepared(db, 'INSERT INTO undo (at_ms, kind, data) VALUES (?, ?, ?)').run(atMs, kind, JSON.stringify(data)).lastInsertRowid);
  prepared(db, 'DELETE FROM undo WHERE id <= ?').run(id - UNDO_DEPTH);
  return id;
}

/** Takes the entry out: an undo happens once. */
export function takeUndo(db: Database, id: number): { kind: string; data: unknown } | null {
  const row = prepared(db, 'DELETE FROM undo WHERE id = ? RETURNING kind, data').get(id) as { kind: string; data: string } | undefined;
  return row === undefined ? null : { kind: row.kind, data: JSON.parse(row.data) as unknown };
}

export type Garbage =
  | { readonly kind: 'attempt'; readonly runtime: 'docker' | 'process'; readonly key: string; readonly ref: string | null; readonly logPath: string; readonly stateDir: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'snapshot'; readonly snapshot: string };

export function insertGarbage(db: Database, garbage: Garbage): void {
  prepared(db, 'INSERT INTO garbage (kind, data) VALUES (?, ?)').run(garbage.kind, JSON.stringify(garbage));
}

/** Oldest first: an attempt is removed before its directory. */
export function listGarbage(db: Database): { id: number; garbage: Garbage }[] {
  return (prepared(db, 'SELECT id, data FROM garbage ORDER BY id').all() as { id: number; data: string }[])
    .map((row) => ({ id: row.id, garbage: JSON.parse(row.data) as Garbage }));
}

export function deleteGarbage(db: Database, id: number): void {
  prepared(db, 'DELETE FROM garbage WHERE id = ?').run(id);
}
