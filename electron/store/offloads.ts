/** Machines that were asked for, and what became of each. The state of a journey is electron/cloud/offload.ts; its history is only added to. */
import type { Database } from 'better-sqlite3';
import { prepared } from './database.ts';

/** What the store needs to know of a journey; the rest is kept as it is. */
export interface StoredOffload {
  readonly attemptId: string;
  readonly trialId: number;
  readonly poolId: string;
  readonly account: string;
  readonly phase: string;
  readonly createdAtMs: number;
  readonly goneAtMs: number | null;
}

export interface OffloadEventRow {
  readonly attemptId: string;
  readonly atMs: number;
  readonly phase: string;
  readonly text: string;
}

export function saveOffload(db: Database, offload: StoredOffload): void {
  prepared(
    db,
    `INSERT INTO offload (attempt_id, trial_id, pool_id, account, phase, gone_at_ms, created_at_ms, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (attempt_id) DO UPDATE SET phase = excluded.phase, gone_at_ms = excluded.gone_at_ms, state = excluded.state`,
  ).run(
    offload.attemptId,
    offload.trialId,
    offload.poolId,
    offload.account,
    offload.phase,
    offload.goneAtMs,
    offload.createdAtMs,
    JSON.stringify(offload),
  );
}

export function addOffloadEvent(db: Database, event: OffloadEventRow): void {
  prepared(db, 'INSERT INTO offload_event (attempt_id, at_ms, phase, text) VALUES (?, ?, ?, ?)').run(
    event.attemptId,
    event.atMs,
    event.phase,
    event.text,
  );
}

export function getOffloadState(db: Database, attemptId: string): string | null {
  return (
    (prepared(db, 'SELECT state FROM offload WHERE attempt_id = ?').pluck().get(attemptId) as string | undefined) ??
    null
  );
}

/** Those that are not known to be gone. */
export function listLiveStates(db: Database): string[] {
  return prepared(db, `SELECT state FROM offload WHERE phase <> 'gone' ORDER BY created_at_ms`)
    .pluck()
    .all() as string[];
}

/** @param sinceMs those that were there then or later; newest first */
export function listStatesSince(db: Database, sinceMs: number, limit: number): string[] {
  return prepared(
    db,
    'SELECT state FROM offload WHERE gone_at_ms IS NULL OR gone_at_ms >= ? ORDER BY created_at_ms DESC LIMIT ?',
  )
    .pluck()
    .all(sinceMs, limit) as string[];
}

export function listStatesOfTrial(db: Database, trialId: number): string[] {
  return prepared(db, 'SELECT state FROM offload WHERE trial_id = ? ORDER BY created_at_ms')
    .pluck()
    .all(trialId) as string[];
}

export function listOffloadEvents(db: Database, attemptId: string): OffloadEventRow[] {
  return prepared(
    db,
    'SELECT attempt_id AS attemptId, at_ms AS atMs, phase, text FROM offload_event WHERE attempt_id = ? ORDER BY id',
  ).all(attemptId) as OffloadEventRow[];
}

export function countLiveOffloads(db: Database, account: string): number {
  return prepared(db, `SELECT COUNT(*) FROM offload WHERE account = ? AND phase <> 'gone'`)
    .pluck()
    .get(account) as number;
}
