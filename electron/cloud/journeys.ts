/** Journeys in the database: each step is one transaction with its line of history. */
import type { Store } from '../store/database.ts';
import { noteRegion } from '../store/cloud-accounts.ts';
import {
  addOffloadEvent,
  getOffloadState,
  listLiveStates,
  listStatesOfTrial,
  listStatesSince,
  saveOffload,
} from '../store/offloads.ts';
import { beginOffload, nextOffload, type Offload, type OffloadEvent } from './offload.ts';

export interface Journeys {
  get(attemptId: string): Offload | null;
  /** Not known to be gone. */
  live(): Offload[];
  /** There at that time or later; newest first. */
  since(sinceMs: number, limit?: number): Offload[];
  ofTrial(trialId: number): Offload[];
  /** @returns it as it is in the database, made where it was not */
  begin(facts: Pick<Offload, 'attemptId' | 'trialId' | 'poolId' | 'account'>): Offload;
  /** @returns what it is then; null = there is none, or the step is illegal and nothing was changed */
  step(attemptId: string, event: OffloadEvent): Offload | null;
}

const MOST = 10_000;
const parse = (state: string): Offload => JSON.parse(state) as Offload;

export function createJourneys(store: Store, onChange: (offload: Offload) => void = () => undefined): Journeys {
  const { db } = store;
  const get = (attemptId: string): Offload | null => {
    const state = getOffloadState(db, attemptId);
    return state === null ? null : parse(state);
  };
  return {
    get,
    live: () => listLiveStates(db).map(parse),
    since: (sinceMs, limit = MOST) => listStatesSince(db, sinceMs, limit).map(parse),
    ofTrial: (trialId) => listStatesOfTrial(db, trialId).map(parse),
    begin(facts) {
      const known = get(facts.attemptId);
      if (known !== null) return known;
      const begun = store.transact('offload begins', (tx) => {
        const offload = beginOffload(facts, tx.nowMs);
        saveOffload(tx.db, offload);
        return offload;
      });
      onChange(begun);
      return begun;
    },
    step(attemptId, event) {
      const before = get(attemptId);
      if (before === null) return null;
      const after = store.transact(
        `offload ${event.type}`,
        (tx) => {
          const step = nextOffload(before, event, tx.nowMs);
          if (step === null) return null;
          const { offload, text } = step;
          // A region is looked through for ever once something may have been made there.
          if (event.type === 'asked') noteRegion(tx.db, offload.account, event.request.choice.region);
          saveOffload(tx.db, offload);
          if (text !== null) addOffloadEvent(tx.db, { attemptId, atMs: tx.nowMs, phase: offload.phase, text });
          return offload;
        },
        // What was seen or is to end is true on a full disk too; what asks for more is not asked then.
        event.type === 'asked' ? undefined : 'must',
      );
      if (after !== null) onChange(after);
      return after;
    },
  };
}
