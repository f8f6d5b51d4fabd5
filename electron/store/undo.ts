/** Steps that can be taken back. */
import type { Database } from 'better-sqlite3';
import { prepared } from './database.ts';

/** How many steps back can be undone; an action on many trials is many steps (trials/act-on-many). */
const UNDO_DEPTH = 2_000;

export function insertUndo(db: Database, atMs: number, kind: string, data: unknown): number {
  const id = Number(
    prepared(db, 'INSERT INTO undo (at_ms, kind, data) VALUES (?, ?, ?)').run(atMs, kind, JSON.stringify(data))
      .lastInsertRowid,
  );
  prepared(db, 'DELETE FROM undo WHERE id <= ?').run(id - UNDO_DEPTH);
  return id;
}

/** @returns the step to take back first; null where there is none */
export function latestUndoId(db: Database): number | null {
  return prepared(db, 'SELECT MAX(id) FROM undo').pluck().get() as number | null;
}

/** Takes the entry out: an undo happens once. */
export function takeUndo(db: Database, id: number): { kind: string; data: unknown } | null {
  const row = prepared(db, 'DELETE FROM undo WHERE id = ? RETURNING kind, data').get(id) as
    { kind: string; data: string } | undefined;
  return row === undefined ? null : { kind: row.kind, data: JSON.parse(row.data) as unknown };
}

/** Takes out an entry that stands for several others. @returns their ids; null when it is another kind, or gone */
export function takeUndoParts(db: Database, id: number): number[] | null {
  const row = prepared(db, "DELETE FROM undo WHERE id = ? AND kind = 'parts' RETURNING data").get(id) as
    { data: string } | undefined;
  return row === undefined ? null : (JSON.parse(row.data) as number[]);
}
