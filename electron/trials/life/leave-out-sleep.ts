/**
 * A machine that slept did no work: the wall clock went on, the steady one and the programs stood still. That time counts like frozen
 * time, which forecasts, remembered run times and what a stop would lose leave out already. A clock that was set forward looks
 * the same, and the same holds: nobody worked in the time that was jumped over.
 */
import type { Store } from '../../store/database.ts';
import { listActiveTrials, advanceTrial } from '../../store/trials.ts';
import { sayDuration } from '../../text/say.ts';

/** @param jumpMs how much further the wall clock went than the steady one; nothing is done for a clock that was set back */
export function leaveOutSleep(store: Pick<Store, 'transact'>, jumpMs: number): void {
  if (jumpMs <= 0) return;
  const text = `The machine slept, or its clock was set forward, for ${sayDuration(jumpMs)}: that does not count as run time`;
  store.transact(
    'leave out sleep',
    (tx) => {
      for (const trial of listActiveTrials(tx.db)) {
        // One that is frozen counts the wall clock's time itself; one that had not begun has none to lose.
        if (trial.frozen || trial.startedAtMs === null || trial.startedAtMs > tx.nowMs - jumpMs) continue;
        advanceTrial(tx.db, { ...trial, frozenMs: trial.frozenMs + jumpMs });
        tx.emit({ type: 'trial.slept', trialId: trial.id, text });
      }
    },
    'must',
  );
}
