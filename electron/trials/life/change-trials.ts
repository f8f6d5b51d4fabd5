/**
 * The one way to change the state of trials: the work runs in one transaction, and after its commit what follows from it is performed
 * (launches, signals). Callers never see the effects, so none can forget them; only this file may use `applyEvent`.
 *
 * In order: commit, its listeners, the steps added with `afterCommit`, the effects. Work that throws is rolled back and nothing follows.
 * What throws after the commit is reported and stops neither the rest nor the caller: the change is true by then.
 */
import type { Store, Tx } from '../../store/database.ts';
import type { TrialRow } from '../../store/trials.ts';
import { applyEvent, type Applied, type PendingEffect } from './apply.ts';
import type { TrialEvent } from './transitions.ts';

/** What the work of a change can do besides writing rows. */
export interface TrialChange {
  readonly tx: Tx;
  /** One event of the state machine. @returns the new row; or why it is illegal now (nothing written) */
  fire(trial: TrialRow, event: TrialEvent): Pick<Applied, 'trial'> | { readonly refused: string };
  /** What belongs to this change in memory: runs once after the commit, before the effects; never when it is rolled back. */
  afterCommit(step: () => void): void;
}

/** @throws whatever `work` and the transaction throw; nothing was changed then */
export type ChangeTrials = <T>(name: string, work: (change: TrialChange) => T) => T;

export interface TrialChanges {
  /** Saved on a full disk too, from the reserve: what happened to trials, and what people ask of them. */
  readonly changeTrials: ChangeTrials;
  /** The same for what is acknowledged to nobody, what happened to attempts: on the disk a moment later (Store.transact). */
  readonly noteSoon: ChangeTrials;
  /** For starts, which take more room: refused on a full disk, and on the disk a moment later; the launch waits for that. */
  readonly startSoon: ChangeTrials;
  /** Connects who performs the effects; before that no change is taken. It must return at once. */
  performWith(perform: (effects: readonly PendingEffect[]) => void): void;
}

export function createTrialChanges(store: Store, onError: (text: string, error: unknown) => void): TrialChanges {
  let perform: ((effects: readonly PendingEffect[]) => void) | null = null;

  function guarded(name: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      onError(`what follows "${name}" failed; the change itself is saved`, error);
    }
  }

  function changeWith(must: 'must' | undefined, synced: 'now' | 'soon'): ChangeTrials {
    return (name, work) => {
      const performEffects = perform;
      if (performEffects === null) throw new Error(`"${name}" came before anybody performs effects`);
      const effects: PendingEffect[] = [];
      const steps: (() => void)[] = [];
      const result = store.transact(
        name,
        (tx) => {
          // Of a run that was rolled back nothing follows.
          effects.length = 0;
          steps.length = 0;
          return work({
            tx,
            fire(trial, event) {
              const applied = applyEvent(tx, trial, event);
              if ('refused' in applied) return applied;
              effects.push(...applied.effects);
              return { trial: applied.trial };
            },
            afterCommit(step) {
              steps.push(step);
            },
          });
        },
        must,
        synced,
      );
      for (const step of steps) guarded(name, step);
      if (effects.length > 0)
        guarded(name, () => {
          performEffects(effects);
        });
      return result;
    };
  }

  return {
    changeTrials: changeWith('must', 'now'),
    noteSoon: changeWith('must', 'soon'),
    startSoon: changeWith(undefined, 'soon'),
    performWith(wanted) {
      perform = wanted;
    },
  };
}
