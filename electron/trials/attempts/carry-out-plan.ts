/** Carries out what `plan` decided, in one transaction: attempts and leases for those that start, the wish to stop for those preempted. */
import type { PlanOutput } from '../../scheduler/plan/model.ts';
import { chooseRuntime } from '../../queue/choose-runtime.ts';
import { insertAttempt, insertLease } from '../../store/attempts.ts';
import { getPool } from '../../store/pools.ts';
import { getTrialRow } from '../../store/trials.ts';
import type { ChangeTrials } from '../life/change-trials.ts';
import type { AttemptTokens } from './tokens.ts';

export interface CarryOutDeps {
  readonly changeTrials: ChangeTrials;
  readonly engineId: string;
  readonly tokens: Pick<AttemptTokens, 'mint'>;
}

/** A trial that changed since the plan was made is left alone. */
export function carryOutPlan(deps: CarryOutDeps, output: PlanOutput): void {
  if (output.start.length === 0 && output.preempt.length === 0) return;
  deps.changeTrials('carry out plan', ({ tx, fire }) => {
    for (const { id, forId } of output.preempt) {
      const trial = getTrialRow(tx.db, Number(id));
      if (trial === null) continue;
      fire(trial, { type: 'preempt', forTrial: Number(forId) });
    }
    for (const { id, slots, beyondMs } of output.start) {
      const trial = getTrialRow(tx.db, Number(id));
      const pool = trial === null ? null : getPool(tx.db, trial.poolId);
      if (trial === null || pool === null) continue;
      const applied = fire(trial, { type: 'start', ...(beyondMs === undefined ? {} : { beyondMs }) });
      if ('refused' in applied) continue;
      const attempt = applied.trial.attempt;
      insertAttempt(tx.db, {
        trialId: trial.id,
        number: attempt,
        key: `switchyard-${deps.engineId}-t${trial.id}-a${attempt}`,
        runtime: chooseRuntime(pool, trial.spec),
        slots,
        tokenHash: deps.tokens.mint(trial.id, attempt).hash,
        createdAtMs: tx.nowMs,
        progressAtStart: trial.progress ?? 0,
      });
      for (const slotUuid of slots)
        insertLease(tx.db, { slotUuid, trialId: trial.id, shareMiB: trial.spec.ask.shareMiB, sinceMs: tx.nowMs });
    }
  });
}
