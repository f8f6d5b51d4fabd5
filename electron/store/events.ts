/** The event log: the history of each trial, and what changed after a given sequence number. Written by Store.transact. */
import type { Database } from 'better-sqlite3';
import type { HistoryEntry } from '../contract/trials.ts';
import { prepared } from './database.ts';

export function listHistory(db: Database, trialId: number, limit: number): HistoryEntry[] {
  return prepared(
    db,
    'SELECT seq, at_ms AS atMs, type, text FROM event WHERE trial_id = ? ORDER BY seq DESC LIMIT ?',
  ).all(trialId, limit) as HistoryEntry[];
}

/**
 * Which trials and pools changed after `seq`.
 * @returns null when more than `limit` events lie between, or `seq` is from another database: fetch the snapshot again
 */
export function changedSince(
  db: Database,
  seq: number,
  newest: number,
  limit: number,
): { trialIds: number[]; poolIds: string[] } | null {
  if (seq > newest || newest - seq > limit) return null;
  const rows = prepared(db, 'SELECT DISTINCT trial_id AS trialId, pool_id AS poolId FROM event WHERE seq > ?').all(
    seq,
  ) as { trialId: number | null; poolId: string | null }[];
  const trialIds = new Set<number>();
  const poolIds = new Set<string>();
  for (const row of rows) {
    if (row.trialId !== null) trialIds.add(row.trialId);
    if (row.poolId !== null) poolIds.add(row.poolId);
  }
  return { trialIds: [...trialIds], poolIds: [...poolIds] };
}

/** Whether the history of a trial has this very sentence. */
export function wasSaid(db: Database, trialId: number, text: string): boolean {
  return prepared(db, 'SELECT 1 FROM event WHERE trial_id = ? AND text = ? LIMIT 1').get(trialId, text) !== undefined;
}

/** @returns how many events of a type a trial has */
export function countSaid(db: Database, trialId: number, type: string): number {
  return prepared(db, 'SELECT count(*) FROM event WHERE trial_id = ? AND type = ?')
    .pluck()
    .get(trialId, type) as number;
}

/** When a trial was frozen and unfrozen after `afterMs`, in order. */
export function listFreezes(
  db: Database,
  trialId: number,
  afterMs: number,
): { readonly atMs: number; readonly what: 'freeze' | 'unfreeze' }[] {
  return prepared(
    db,
    `SELECT at_ms AS atMs, substr(type, 7) AS what FROM event
     WHERE trial_id = ? AND type IN ('trial.freeze', 'trial.unfreeze') AND at_ms > ? ORDER BY seq`,
  ).all(trialId, afterMs) as { atMs: number; what: 'freeze' | 'unfreeze' }[];
}
