/** Carries out what `plan` decided, in one transaction: attempts and leases for those that start, the wish to stop for those preempted. */
import type { PlanOutput } from '../../scheduler/plan/model.ts';
import { insertAttempt, insertLease } from '../../store/attempts.ts';
import { getTrialRow } from '../../store/trials.ts';
import type { ChangeTrials } from '../life/change-trials.ts';

export interface StartDeps {
  readonly changeTrials: ChangeTrials;
  readonly engineId: string;
  readonly mintToken: (trialId: number, attempt: number) => { readonly hash: string };
}

/** A trial that changed since the plan was made is left alone. */
export function carryOutPlan(deps: StartDeps, output: PlanOutput): void {
  if (output.start.length === 0 && output.preempt.length === 0) return;
  deps.changeTrials('carry out plan', ({ tx, fire }) => {
    for (const { id, forId } of output.preempt) {
      const trial = getTrialRow(tx.db, Number(id));
      if (trial === null) continue;
      fire(trial, { type: 'preempt', forTrial: Number(forId) });
    }
    for (const { id, slots } of output.start) {
      const trial = getTrialRow(tx.db, Number(id));
      if (trial === null) continue;
      const applied = fire(trial, { type: 'start' });
      if ('refused' in applied) continue;
      const attempt = applied.trial.attempt;
      insertAttempt(tx.db, {
        trialId: trial.id,
        number: attempt,
        key: `switchyard-${deps.engineId}-t${trial.id}-a${attempt}`,
        runtime: trial.spec.runtime,
        slots,
        tokenHash: deps.mintToken(trial.id, attempt).hash,
        createdAtMs: tx.nowMs,
        progressAtStart: trial.progress ?? 0,
      });
      for (const slotUuid of slots)
        insertLease(tx.db, { slotUuid, trialId: trial.id, shareMiB: trial.spec.shareMiB, sinceMs: tx.nowMs });
    }
  });
}
