/** Applies one event of the state machine inside a transaction: row, attempt, lease and history together. */
import { countLosses, deleteLeases, markEnded } from '../../store/attempts.ts';
import type { Tx } from '../../store/database.ts';
import { frozenTime } from '../../store/frozen-time.ts';
import { queueMessages } from '../../store/messages.ts';
import { tellSearch } from './tell-search.ts';
import { advanceTrial, type TrialRow } from '../../store/trials.ts';
import { SHORT_LIFE_MS, next, type Effect, type TrialEvent } from './transitions.ts';

/** An effect that must happen after the commit. */
export interface PendingEffect {
  readonly trialId: number;
  readonly attempt: number;
  readonly effect: Effect;
}

export interface Applied {
  readonly trial: TrialRow;
  readonly effects: readonly PendingEffect[];
}

/**
 * @returns the new row and what to do after the commit, or the reason why the event is illegal (nothing written)
 */
export function applyEvent(tx: Tx, trial: TrialRow, event: TrialEvent): Applied | { readonly refused: string } {
  const lossesBefore =
    event.type === 'exited' && event.exit.lost ? countLosses(tx.db, trial.id, trial.attempt, SHORT_LIFE_MS) : 0;
  const transition = next(trial, event, tx.nowMs, lossesBefore);
  if (!transition.ok) return { refused: transition.reason };
  if (transition.endAttempt !== null) {
    deleteLeases(tx.db, trial.id);
    const endedAtMs = event.type === 'exited' ? Math.min(event.exit.endedAtMs, tx.nowMs) : tx.nowMs;
    markEnded(tx.db, trial.id, trial.attempt, {
      endedAtMs,
      exitCode: transition.endAttempt.exitCode,
      endKind: transition.endAttempt.kind,
      message: transition.endAttempt.message,
      frozenMs: frozenTime(trial, endedAtMs),
    });
  }
  advanceTrial(tx.db, transition.trial);
  if (transition.trial.state === 'done' && trial.state !== 'done') queueMessages(tx.db, transition.trial, tx.nowMs);
  if (transition.trial.state === 'done' && trial.state !== 'done') tellSearch(tx.db, transition.trial);
  tx.emit({ type: `trial.${event.type}`, trialId: trial.id, text: transition.text });
  return {
    trial: transition.trial,
    effects: transition.effects.map((effect) => ({ trialId: trial.id, attempt: transition.trial.attempt, effect })),
  };
}
