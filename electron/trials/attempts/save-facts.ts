/**
 * Brings what happened to attempts into the state machine. A fact is true whether or not it can be saved now: one that cannot (disk
 * full, database locked) is tried again until it can, nothing is dropped, and none holds up the others.
 */
import type { Tx } from '../../store/database.ts';
import { getTrialRow } from '../../store/trials.ts';
import type { ChangeTrials } from '../life/change-trials.ts';
import type { TrialEvent } from '../life/transitions.ts';

const SAVE_AGAIN_MS = 2_000;

/** Something that happened to an attempt. */
export interface Fact {
  readonly trialId: number;
  readonly attempt: number;
  readonly event: TrialEvent;
  /** More rows of the same transaction. */
  readonly extra?: (db: Tx['db']) => void;
  /** Called once, when it survives a power cut as well. */
  readonly saved?: () => void;
}

export interface FactSaver {
  save(fact: Fact): void;
  /** For what comes in bursts: the facts of one turn of the event loop share a transaction, because each one waits for the disk. */
  saveSoon(fact: Fact): void;
  /** Nothing is saved from here on: the next start finds out again. */
  close(): void;
}

export interface FactSaverDeps {
  readonly changeTrials: ChangeTrials;
  /** Settles when what is saved by now is on the disk. */
  readonly durable: () => Promise<void>;
  /** A fact is saved: what is held of its trial in memory follows, before effects are performed. */
  readonly settle: (fact: Fact) => void;
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void };
}

export function createFactSaver(deps: FactSaverDeps): FactSaver {
  const gathered: Fact[] = [];
  let closed = false;

  function tellWhenDurable({ trialId, event }: Fact, saved: () => void): void {
    deps
      .durable()
      .then(saved)
      .catch((error: unknown) => {
        deps.log.error(`#${trialId}: what follows "${event.type}" is left undone`, error);
      });
  }

  function save(facts: readonly Fact[]): void {
    if (closed) return;
    try {
      deps.changeTrials(`trial ${facts.map(({ event }) => event.type).join(', ')}`, ({ tx, fire, afterCommit }) => {
        for (const fact of facts) {
          const { trialId, attempt, event, extra } = fact;
          afterCommit(() => {
            deps.settle(fact);
            if (fact.saved !== undefined) tellWhenDurable(fact, fact.saved);
          });
          const trial = getTrialRow(tx.db, trialId);
          if (trial === null || trial.attempt !== attempt) continue;
          extra?.(tx.db);
          const fired = fire(trial, event);
          if ('refused' in fired) deps.log.info(`#${trialId} ${event.type}: ${fired.refused}`);
        }
      });
    } catch (error) {
      // Nothing of it was written; one of them must not hold up the others.
      if (facts.length > 1) {
        for (const fact of facts) save([fact]);
        return;
      }
      const what = facts.map(({ trialId, event }) => `#${trialId}: could not save "${event.type}"`).join();
      deps.log.error(`${what}, trying again`, error);
      setTimeout(() => {
        save(facts);
      }, SAVE_AGAIN_MS).unref();
    }
  }

  return {
    save: (fact) => {
      save([fact]);
    },
    saveSoon(fact) {
      gathered.push(fact);
      if (gathered.length === 1)
        setImmediate(() => {
          save(gathered.splice(0));
        });
    },
    close() {
      closed = true;
    },
  };
}
