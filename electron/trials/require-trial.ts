/** A trial that must be there. */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../contract/errors.ts';
import { getTrialRow, type TrialRow } from '../store/trials.ts';

/** @throws SwitchyardError not_found */
export function requireTrial(db: Database, id: number): TrialRow {
  const row = getTrialRow(db, id);
  if (row !== null) return row;
  throw new SwitchyardError('not_found', `There is no trial #${id}.`, {
    remedy: 'List the trials with: switchyard ls --all',
  });
}
