/** What deleted trials left on the machine and must still be removed. */
import type { Database } from 'better-sqlite3';
import type { RuntimeKind } from '../contract/states.ts';
import { prepared } from './database.ts';

export type Garbage =
  | {
      readonly kind: 'attempt';
      readonly runtime: RuntimeKind;
      readonly key: string;
      readonly ref: string | null;
      readonly logPath: string;
      readonly stateDir: string;
    }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'snapshot'; readonly snapshot: string }
  /** Points of a trial whose row is gone. */
  | { readonly kind: 'metrics'; readonly trialId: number };

export function insertGarbage(db: Database, garbage: Garbage): void {
  prepared(db, 'INSERT INTO garbage (kind, data) VALUES (?, ?)').run(garbage.kind, JSON.stringify(garbage));
}

/** Oldest first: an attempt is removed before its directory. At most `limit` entries behind the one with the id `after`. */
export function listGarbage(db: Database, after = 0, limit = -1): { id: number; garbage: Garbage }[] {
  return (
    prepared(db, 'SELECT id, data FROM garbage WHERE id > ? ORDER BY id LIMIT ?').all(after, limit) as {
      id: number;
      data: string;
    }[]
  ).map((row) => ({ id: row.id, garbage: JSON.parse(row.data) as Garbage }));
}

export function deleteGarbage(db: Database, ids: readonly number[]): void {
  for (const id of ids) prepared(db, 'DELETE FROM garbage WHERE id = ?').run(id);
}
