import type { Database } from 'better-sqlite3';

/** One step of the database's shape. Forward only; runs once, in a transaction of its own. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Brings a database of the version before to this one, rows included. */
  up(db: Database): void;
}
