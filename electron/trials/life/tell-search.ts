/** A search learns what becomes of its trials: written with the change itself, taken in by the search afterwards. */
import type { Database } from 'better-sqlite3';
import { insertSearchNews } from '../../store/searches.ts';
import type { TrialRow } from '../../store/trials.ts';

/** @param trial as it is now that it has ended */
export function tellSearch(db: Database, trial: Pick<TrialRow, 'experimentId' | 'spec' | 'outcome'>): void {
  const name = trial.spec.inSweep;
  if (name === undefined || trial.outcome === null) return;
  const { kind, code } = trial.outcome;
  insertSearchNews(db, trial.experimentId, {
    kind: 'ended',
    trial: name,
    how: code === 'invalid' ? 'invalid' : kind,
  });
}
