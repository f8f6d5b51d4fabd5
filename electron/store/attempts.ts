/** Rows of the attempt and lease tables. A lease is written with the start and deleted in the transaction that leaves an active state. */
import type { Database } from 'better-sqlite3';
import type { RuntimeKind } from '../contract/states.ts';
import { prepared } from './database.ts';

export interface AttemptRow {
  readonly trialId: number;
  readonly number: number;
  /** Deterministic name of the attempt for its runtime. */
  readonly key: string;
  readonly runtime: RuntimeKind;
  readonly ref: string | null;
  readonly slots: readonly string[];
  readonly tokenHash: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly exitCode: number | null;
  readonly endKind: string | null;
  readonly message: string | null;
  /** Bytes of the report file already taken in. */
  readonly reportOffset: number;
  /** What the trial had reported when this attempt began, 0..1. */
  readonly progressAtStart: number;
}

const COLUMNS = `trial_id AS trialId, number, key, runtime, ref, slots, token_hash AS tokenHash, created_at_ms AS createdAtMs, started_at_ms AS startedAtMs,
  ended_at_ms AS endedAtMs, exit_code AS exitCode, end_kind AS endKind, message, report_offset AS reportOffset, progress_at_start AS progressAtStart`;

type Raw = Omit<AttemptRow, 'slots'> & { slots: string };
const fromRaw = (raw: Raw): AttemptRow => ({ ...raw, slots: JSON.parse(raw.slots) as string[] });

export function insertAttempt(
  db: Database,
  row: Pick<
    AttemptRow,
    'trialId' | 'number' | 'key' | 'runtime' | 'slots' | 'tokenHash' | 'createdAtMs' | 'progressAtStart'
  >,
): void {
  prepared(
    db,
    `INSERT INTO attempt (trial_id, number, key, runtime, ref, slots, token_hash, created_at_ms, started_at_ms,
      ended_at_ms, exit_code, end_kind, message, report_offset, progress_at_start)
    VALUES (?, ?, ?, ?, NULL, ?, ?, ?, NULL, NULL, NULL, NULL, NULL, 0, ?)`,
  ).run(
    row.trialId,
    row.number,
    row.key,
    row.runtime,
    JSON.stringify(row.slots),
    row.tokenHash,
    row.createdAtMs,
    row.progressAtStart,
  );
}

export function getAttempt(db: Database, trialId: number, number: number): AttemptRow | null {
  const raw = prepared(db, `SELECT ${COLUMNS} FROM attempt WHERE trial_id = ? AND number = ?`).get(trialId, number) as
    Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

export function listAttempts(db: Database, trialId: number): AttemptRow[] {
  return (prepared(db, `SELECT ${COLUMNS} FROM attempt WHERE trial_id = ? ORDER BY number`).all(trialId) as Raw[]).map(
    fromRaw,
  );
}

/**
 * The attempts that have not ended, as a set that asks the database at the moment of each `has`: a sweep that looks at containers
 * one by one must not take one that was started after it began.
 */
export function liveAttemptKeys(db: Database): ReadonlySet<string> {
  const query = prepared(db, 'SELECT 1 FROM attempt WHERE key = ? AND ended_at_ms IS NULL');
  return Object.assign(new Set<string>(), { has: (key: string) => query.get(key) !== undefined });
}

export function findAttemptByToken(db: Database, trialId: number, tokenHash: string): AttemptRow | null {
  const raw = prepared(
    db,
    `SELECT ${COLUMNS} FROM attempt WHERE trial_id = ? AND token_hash = ? AND ended_at_ms IS NULL`,
  ).get(trialId, tokenHash) as Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

/** @param ref null = not known, and then it stays as it is */
export function markLaunched(
  db: Database,
  trialId: number,
  number: number,
  ref: string | null,
  startedAtMs: number,
): void {
  prepared(
    db,
    'UPDATE attempt SET ref = COALESCE(?, ref), started_at_ms = COALESCE(started_at_ms, ?) WHERE trial_id = ? AND number = ?',
  ).run(ref, startedAtMs, trialId, number);
}

export function markEnded(
  db: Database,
  trialId: number,
  number: number,
  end: { endedAtMs: number; exitCode: number | null; endKind: string; message: string | null; frozenMs: number },
): void {
  prepared(
    db,
    'UPDATE attempt SET ended_at_ms = ?, exit_code = ?, end_kind = ?, message = ?, frozen_ms = ? WHERE trial_id = ? AND number = ?',
  ).run(end.endedAtMs, end.exitCode, end.endKind, end.message, end.frozenMs, trialId, number);
}

/** @returns how many attempts right before this one were lost, each within `shortMs` of its start */
export function countLosses(db: Database, trialId: number, before: number, shortMs: number): number {
  const rows = prepared(
    db,
    `SELECT end_kind AS endKind, ended_at_ms - COALESCE(started_at_ms, ended_at_ms) AS ranMs FROM attempt
     WHERE trial_id = ? AND number < ? ORDER BY number DESC LIMIT 20`,
  ).all(trialId, before) as { endKind: string | null; ranMs: number | null }[];
  const other = rows.findIndex(({ endKind, ranMs }) => endKind !== 'lost' || (ranMs ?? 0) >= shortMs);
  return other < 0 ? rows.length : other;
}

export function setReportOffset(db: Database, trialId: number, number: number, offset: number): void {
  prepared(db, 'UPDATE attempt SET report_offset = ? WHERE trial_id = ? AND number = ?').run(offset, trialId, number);
}

export interface LeaseRow {
  readonly slotUuid: string;
  readonly trialId: number;
  /** null = exclusive. */
  readonly shareMiB: number | null;
  readonly sinceMs: number;
}

export function insertLease(db: Database, lease: LeaseRow): void {
  prepared(db, 'INSERT INTO lease (slot_uuid, trial_id, share_mib, since_ms) VALUES (?, ?, ?, ?)').run(
    lease.slotUuid,
    lease.trialId,
    lease.shareMiB,
    lease.sinceMs,
  );
}

export function deleteLeases(db: Database, trialId: number): void {
  prepared(db, 'DELETE FROM lease WHERE trial_id = ?').run(trialId);
}

export function listLeases(db: Database): LeaseRow[] {
  return prepared(
    db,
    'SELECT slot_uuid AS slotUuid, trial_id AS trialId, share_mib AS shareMiB, since_ms AS sinceMs FROM lease ORDER BY slot_uuid, trial_id',
  ).all() as LeaseRow[];
}

export function listLeasedSlots(db: Database, trialId: number): string[] {
  return (
    prepared(db, 'SELECT slot_uuid AS uuid FROM lease WHERE trial_id = ? ORDER BY slot_uuid').all(trialId) as {
      uuid: string;
    }[]
  ).map((row) => row.uuid);
}
