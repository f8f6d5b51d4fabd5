/** Accounts at clouds: their credentials sealed, what the last check said, and the regions where anything of theirs was ever made. */
import type { Database } from 'better-sqlite3';
import type { AccountCheck, CloudAccount } from '../contract/cloud.ts';
import { prepared } from './database.ts';

export interface AccountRow extends Pick<
  CloudAccount,
  'name' | 'provider' | 'kind' | 'shown' | 'endpoint' | 'addedAtMs' | 'lastCheck'
> {
  /** Its AccountCredentials, sealed. */
  readonly sealed: string;
}

const COLUMNS =
  'name, provider, kind, sealed, shown, endpoint, added_at_ms AS addedAtMs, last_check AS lastCheck FROM cloud_account';

export function listAccounts(db: Database): AccountRow[] {
  return prepared(db, `SELECT ${COLUMNS} ORDER BY name`).all().map(readAccount);
}

export function getAccount(db: Database, name: string): AccountRow | null {
  const row = prepared(db, `SELECT ${COLUMNS} WHERE name = ?`).get(name);
  return row === undefined ? null : readAccount(row);
}

function readAccount(row: unknown): AccountRow {
  const { lastCheck, ...rest } = row as Omit<AccountRow, 'lastCheck'> & { readonly lastCheck: string | null };
  return { ...rest, lastCheck: lastCheck === null ? null : (JSON.parse(lastCheck) as AccountCheck) };
}

/** Makes an account, or changes its credentials: what was checked with the old ones is forgotten. */
export function putAccount(db: Database, row: Omit<AccountRow, 'lastCheck'>): void {
  prepared(
    db,
    `INSERT INTO cloud_account (name, provider, kind, sealed, shown, endpoint, added_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed, shown = excluded.shown,
      endpoint = excluded.endpoint, last_check = NULL`,
  ).run(row.name, row.provider, row.kind, row.sealed, row.shown, row.endpoint, row.addedAtMs);
}

/** @returns whether there was one */
export function deleteAccount(db: Database, name: string): boolean {
  prepared(db, 'DELETE FROM cloud_region WHERE account = ?').run(name);
  return prepared(db, 'DELETE FROM cloud_account WHERE name = ?').run(name).changes > 0;
}

/** @returns false when the credentials were changed meanwhile: the check was of others */
export function noteCheck(db: Database, name: string, sealed: string, check: AccountCheck): boolean {
  return (
    prepared(db, 'UPDATE cloud_account SET last_check = ? WHERE name = ? AND sealed = ?').run(
      JSON.stringify(check),
      name,
      sealed,
    ).changes > 0
  );
}

/** To be said before anything is made there: a region once used is looked through for ever. */
export function noteRegion(db: Database, account: string, region: string): void {
  prepared(db, 'INSERT OR IGNORE INTO cloud_region (account, region) VALUES (?, ?)').run(account, region);
}

export function listRegions(db: Database, account: string): string[] {
  return prepared(db, 'SELECT region FROM cloud_region WHERE account = ? ORDER BY region')
    .pluck()
    .all(account) as string[];
}
