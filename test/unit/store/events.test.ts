/** What a client missed, or that it missed too much. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { changedSince } from '../../../electron/store/events.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-events-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('each is named once; just as many as the limit are told, one more is too many, and so is a number from elsewhere', () => {
  const from = store.seq();
  for (const trialId of [7, 8, 7, 9])
    store.transact('change', (tx) => {
      tx.emit({ type: 'trial.changed', trialId, text: 'x' });
    });
  const newest = store.seq();
  expect(newest - from).toBe(4);
  expect(changedSince(store.db, from, newest, 4)).toEqual({ trialIds: [7, 8, 9], poolIds: [] });
  expect(changedSince(store.db, from, newest, 3)).toBeNull();
  expect(changedSince(store.db, newest - 1, newest, 4)).toEqual({ trialIds: [9], poolIds: [] });
  expect(changedSince(store.db, newest + 1, newest, 4)).toBeNull();
});
