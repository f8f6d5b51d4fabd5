import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { rankBehind } from '../../../electron/queue/rank.ts';
import {
  deleteLeases,
  findAttemptByToken,
  insertAttempt,
  insertLease,
  listLeases,
  markEnded,
} from '../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { insertTrial } from '../../../electron/store/trials.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-attempts-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const add = (): number =>
  store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    return insertTrial(tx.db, { ...makeTrialRow({ experimentId }), rank: rankBehind(null) });
  });

test('a token is good for its trial, while its attempt runs, and for nothing else', () => {
  const [mine, other] = [add(), add()] as const;
  const start = (trialId: number, number: number, tokenHash: string): void =>
    store.transact('start', (tx) =>
      insertAttempt(tx.db, {
        trialId,
        number,
        key: `${trialId}-${number}`,
        runtime: 'process',
        slots: [],
        tokenHash,
        createdAtMs: 0,
        progressAtStart: 0,
      }),
    );
  start(mine, 1, 'first');
  start(other, 1, 'theirs');
  expect(findAttemptByToken(store.db, mine, 'first')?.number).toBe(1);
  expect(findAttemptByToken(store.db, other, 'first')).toBeNull();
  expect(findAttemptByToken(store.db, mine, 'theirs')).toBeNull();
  store.transact('end', (tx) => {
    markEnded(tx.db, mine, 1, { endedAtMs: 5, exitCode: 0, endKind: 'completed', message: null, frozenMs: 0 });
  });
  expect(findAttemptByToken(store.db, mine, 'first')).toBeNull();
  start(mine, 2, 'second');
  expect(findAttemptByToken(store.db, mine, 'first')).toBeNull();
  expect(findAttemptByToken(store.db, mine, 'second')?.number).toBe(2);
});

test('the slots of a trial are given back, and only its own', () => {
  const [mine, other] = [add(), add()] as const;
  store.transact('lease', (tx) => {
    for (const trialId of [mine, other])
      insertLease(tx.db, { trialId, slotUuid: `GPU-${trialId}`, shareMiB: null, sinceMs: 0 });
  });
  store.transact('end', (tx) => deleteLeases(tx.db, mine));
  expect(listLeases(store.db).map(({ trialId }) => trialId)).toEqual([other]);
});
