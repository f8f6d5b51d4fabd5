/** Rows as the wire shows them. */
import type { RuntimeKind } from '../contract/states.ts';
import type { AttemptView, Trial } from '../contract/trials.ts';
import type { AttemptRow } from '../store/attempts.ts';
import { getAttempt, listLeasedSlots } from '../store/attempts.ts';
import type { Store } from '../store/database.ts';
import { listDependencies } from '../store/dependencies.ts';
import { listFreezes } from '../store/events.ts';
import { latestCheckpoint } from '../store/reports.ts';
import type { TrialRow } from '../store/trials.ts';
import { unsavedWork } from './unsaved-work.ts';

/** What is known of a running trial besides its row. */
export interface LiveFacts {
  activity(trialId: number): string | null;
  remainingMs(row: TrialRow): number | null;
  /** The runtime an attempt would get now. */
  runtime(row: TrialRow): RuntimeKind;
  /** Whether the program of this attempt has asked whether to stop. */
  asksForStop(trialId: number, attempt: number): boolean;
}

export function toTrial(store: Store, row: TrialRow, live: LiveFacts): Trial {
  const active = row.state === 'starting' || row.state === 'running' || row.state === 'stopping';
  const waits = row.state === 'queued' || row.state === 'paused';
  const checkpoint = row.attempt === 0 ? null : latestCheckpoint(store.db, row.id);
  return {
    id: row.id,
    experimentId: row.experimentId,
    name: row.name,
    labels: [...row.labels],
    poolId: row.poolId,
    state: row.state,
    revision: row.revision,
    priority: row.priority,
    rank: row.rank,
    ...row.spec.ask,
    runtime: (waits ? null : getAttempt(store.db, row.id, row.attempt)?.runtime) ?? live.runtime(row),
    image: row.spec.image,
    command: row.spec.command,
    hparams: row.hparams,
    attempt: row.attempt,
    restarts: row.restarts,
    maxRestarts: row.spec.maxRestarts,
    graceS: row.spec.graceS,
    timeLimitS: row.spec.timeLimitS,
    submittedAtMs: row.submittedAtMs,
    startedAtMs: row.startedAtMs,
    endedAtMs: row.endedAtMs,
    leaseSlots: active && row.spec.ask.slots > 0 ? listLeasedSlots(store.db, row.id) : [],
    activity: active ? live.activity(row.id) : null,
    frozen: row.frozen,
    stop: row.stop,
    progress: row.progress,
    step: row.step,
    remainingMs: row.state === 'running' ? live.remainingMs(row) : null,
    checkpoint: checkpoint === null ? null : { step: checkpoint.step, savedAtMs: checkpoint.savedAtMs },
    after: waits ? listDependencies(store.db, row.id).map(({ trialId, wants }) => ({ trialId, wants })) : [],
    unsaved: unsavedWork(row, {
      savedAtMs: checkpoint?.savedAtMs ?? null,
      freezeSteps: (afterMs) => listFreezes(store.db, row.id, afterMs),
      asksForStop: () => live.asksForStop(row.id, row.attempt),
    }),
    metric: row.metric,
    outcome: row.outcome,
    archived: row.archived,
    starred: row.starred,
    inSweep: row.spec.inSweep ?? null,
  };
}

/** @param logBytes logical length of its log */
export function toAttempt(row: AttemptRow, logBytes: number): AttemptView {
  return {
    number: row.number,
    runtime: row.runtime,
    startedAtMs: row.startedAtMs,
    endedAtMs: row.endedAtMs,
    slots: [...row.slots],
    exitCode: row.exitCode,
    end: row.endKind,
    message: row.message,
    logBytes,
  };
}
