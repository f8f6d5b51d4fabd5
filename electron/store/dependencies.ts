/**
 * Rows of the dependency table: which trials a trial waits for before it may start. A trial can only wait for one that was there before
 * it, so there are no circles.
 */
import type { Database } from 'better-sqlite3';
import type { OutcomeKind, TrialState } from '../contract/states.ts';
import type { Dependency } from '../contract/trials.ts';
import { prepared } from './database.ts';

/** A trial that another one waits for, as it is now. */
export interface Awaited extends Dependency {
  /** null = it was deleted. */
  readonly trial: { readonly name: string; readonly state: TrialState; readonly outcome: OutcomeKind | null } | null;
}

/**
 * Trials that have, or once had, something to wait for: few of very many, and every view of a trial asks. It only grows, so that what a
 * transaction takes back leaves it right; this process is the only one that writes.
 */
const everWaiting = new WeakMap<Database, Set<number>>();

function whoMayWait(db: Database): Set<number> {
  const known = everWaiting.get(db);
  if (known !== undefined) return known;
  const found = new Set(prepared(db, 'SELECT DISTINCT trial_id FROM dependency').pluck().all() as number[]);
  everWaiting.set(db, found);
  return found;
}

export function insertDependencies(db: Database, trialId: number, on: readonly Dependency[]): void {
  const insert = prepared(
    db,
    `INSERT INTO dependency (trial_id, on_trial_id, wants) VALUES (?, ?, ?)
     ON CONFLICT (trial_id, on_trial_id) DO UPDATE SET wants = excluded.wants WHERE excluded.wants = 'completed'`,
  );
  if (on.length > 0) whoMayWait(db).add(trialId);
  for (const { trialId: onId, wants } of on) insert.run(trialId, onId, wants);
}

export function listDependencies(db: Database, trialId: number): Awaited[] {
  if (!whoMayWait(db).has(trialId)) return [];
  const rows = prepared(
    db,
    `SELECT on_trial_id AS trialId, wants, name, state, json_extract(outcome, '$.kind') AS outcome
     FROM dependency LEFT JOIN trial ON trial.id = on_trial_id WHERE trial_id = ? ORDER BY on_trial_id`,
  ).all(trialId) as (Dependency & {
    name: string | null;
    state: TrialState | null;
    outcome: OutcomeKind | null;
  })[];
  return rows.map(({ trialId: onId, wants, name, state, outcome }) => ({
    trialId: onId,
    wants,
    trial: name === null || state === null ? null : { name, state, outcome },
  }));
}

/** @returns the trials that wait for this one */
export function listDependents(db: Database, onTrialId: number): number[] {
  if (whoMayWait(db).size === 0) return [];
  return prepared(db, 'SELECT trial_id FROM dependency WHERE on_trial_id = ? ORDER BY trial_id')
    .pluck()
    .all(onTrialId) as number[];
}

/** @returns whether there were any */
export function deleteDependencies(db: Database, trialId: number): boolean {
  return prepared(db, 'DELETE FROM dependency WHERE trial_id = ?').run(trialId).changes > 0;
}

/** A trial that has ended is about to be deleted: what its end has fulfilled stays fulfilled without it. */
export function settleDependencies(db: Database, onTrialId: number, outcome: OutcomeKind | null): void {
  prepared(db, `DELETE FROM dependency WHERE on_trial_id = ? AND (wants = 'ended' OR ? = 'completed')`).run(
    onTrialId,
    outcome,
  );
}
