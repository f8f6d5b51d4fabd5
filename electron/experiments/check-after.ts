/** Whether the trials a new one is to start after are there, and whether it can be hoped that they end as it wants. */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../contract/errors.ts';
import type { Dependency } from '../contract/trials.ts';
import { getTrialRow } from '../store/trials.ts';

/**
 * @returns what to tell the user
 * @throws SwitchyardError not_found
 */
export function checkAfter(db: Database, after: readonly Dependency[]): string[] {
  return after.flatMap(({ trialId, wants }) => {
    const trial = getTrialRow(db, trialId);
    if (trial === null)
      throw new SwitchyardError('not_found', `There is no trial #${trialId} to start after.`, {
        path: 'after',
        remedy: 'List the trials with: switchyard ls --all',
      });
    const failed = trial.outcome !== null && trial.outcome.kind !== 'completed';
    if (wants === 'ended' || !failed) return [];
    const how = trial.outcome?.kind === 'canceled' ? 'was canceled' : 'has failed';
    return `#${trialId} ${how} already: this one starts once that was retried and has completed.`;
  });
}
