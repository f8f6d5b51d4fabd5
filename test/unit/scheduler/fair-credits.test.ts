/** What experiments are owed outlives the engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCreditKeeper, readCredits } from '../../../electron/scheduler/fair-credits.ts';
import { createFairLedger } from '../../../electron/scheduler/plan/fair-ledger.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { setMeta } from '../../../electron/store/meta.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-credits-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => Date.now() });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('the next ledger begins with the credits of the last, and the first plan takes none of them away', () => {
  const nowMs = 0;
  createCreditKeeper(store, { monotonicMs: () => nowMs })(
    new Map([
      [1, 5000.4],
      [2, -700],
    ]),
  );
  const ledger = createFairLedger(readCredits(store.db));
  expect([...ledger.at(9)]).toEqual([
    [1, 5000],
    [2, -700],
  ]);
  const shares = [{ experimentId: 1, share: 2, used: 1 }];
  ledger.note(shares, 1_000_000);
  expect([...ledger.at(1_000_000)]).toEqual([[1, 5000]]);
  expect([...ledger.at(1_001_000)]).toEqual([[1, 6000]]);
});

test('it is written at most every ten seconds, when it has changed, and no longer than a thousand', () => {
  let nowMs = 0;
  let writes = 0;
  const counted: Pick<Store, 'db' | 'transact'> = {
    db: store.db,
    transact: (name, work) => {
      writes++;
      return store.transact(name, work);
    },
  };
  const keep = createCreditKeeper(counted, { monotonicMs: () => nowMs });
  keep(new Map());
  keep(new Map([[1, 1]]));
  keep(new Map([[1, 2]]));
  nowMs = 9_999;
  keep(new Map([[1, 3]]));
  expect([writes, [...readCredits(store.db)]]).toEqual([1, [[1, 1]]]);
  nowMs = 10_000;
  keep(new Map([[1, 1.2]]));
  expect(writes).toBe(1);
  keep(new Map(Array.from({ length: 1_500 }, (_, at) => [at, at])));
  expect([writes, readCredits(store.db).size, readCredits(store.db).get(1499)]).toEqual([2, 1_000, 1499]);
});

test('a disk that is full keeps no plan from being made, and is tried again', () => {
  let nowMs = 0;
  let full = true;
  const failing: Pick<Store, 'db' | 'transact'> = {
    db: store.db,
    transact: (name, work) => {
      if (full) throw new Error('the disk is full');
      return store.transact(name, work);
    },
  };
  const keep = createCreditKeeper(failing, { monotonicMs: () => nowMs });
  keep(new Map([[1, 5]]));
  full = false;
  nowMs = 10_000;
  keep(new Map([[1, 5]]));
  expect(readCredits(store.db).get(1)).toBe(5);
});

test('what is no list of credits counts as none', () => {
  for (const text of ['', '{}', '[[1]]', '[["a",1]]']) {
    store.transact('damage', (tx) => {
      setMeta(tx.db, 'fair_credits', text);
    });
    expect(readCredits(store.db).size).toBe(0);
  }
});
