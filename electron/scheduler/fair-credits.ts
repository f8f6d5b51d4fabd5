/**
 * Keeps what experiments are owed under fair share over a restart of the engine: one value of the database, written when it has changed
 * and at most every so often. What is lost with a crash is the credit of a few seconds.
 */
import { z } from 'zod';
import type { Store } from '../store/database.ts';
import { getMeta, setMeta } from '../store/meta.ts';
import type { Credits } from './plan/fair-ledger.ts';

const KEY = 'fair_credits';
const EVERY_MS = 10_000;
/** Of very many experiments those that are owed or owe most. */
const MOST = 1_000;

const Stored = z.array(z.tuple([z.number().int(), z.number()]));

/** @returns none where nothing was kept, or what was kept cannot be understood */
export function readCredits(db: Store['db']): Credits {
  try {
    return new Map(Stored.parse(JSON.parse(getMeta(db, KEY) ?? '[]')));
  } catch {
    return new Map();
  }
}

/** @returns what keeps the credits it is given; it never throws: on a full disk plans are made all the same */
export function createCreditKeeper(
  store: Pick<Store, 'db' | 'transact'>,
  clock: { monotonicMs(): number },
): (credits: Credits) => void {
  let keptAtMs = Number.NEGATIVE_INFINITY;
  let kept = getMeta(store.db, KEY) ?? '[]';
  return (credits) => {
    if (clock.monotonicMs() - keptAtMs < EVERY_MS) return;
    const most = [...credits]
      .map(([id, credit]) => [Number(id), Math.round(credit)] as const)
      .toSorted((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
      .slice(0, MOST);
    const text = JSON.stringify(most);
    if (text === kept) return;
    keptAtMs = clock.monotonicMs();
    try {
      store.transact('keep fair shares', (tx) => {
        setMeta(tx.db, KEY, text);
      });
      kept = text;
    } catch {
      // Tried again with the next plan that is due.
    }
  };
}
