/** Steps that can be taken back: each once, and only the latest. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertUndo, latestUndoId, takeUndo } from '../../../electron/store/undo.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-undo-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('the last 2,000 can be taken back, each once', () => {
  const ids = store.transact('steps', (tx) =>
    Array.from({ length: 2_001 }, (_, at) => insertUndo(tx.db, at, 'move', { at })),
  );
  const take = (id = 0): unknown => store.transact('take', (tx) => takeUndo(tx.db, id));
  expect(take(ids[0])).toBeNull();
  expect(take(ids[1])).toEqual({ kind: 'move', data: { at: 1 } });
  expect(take(ids[1])).toBeNull();
  expect(take(ids[2_000])).toEqual({ kind: 'move', data: { at: 2_000 } });
});

test('the latest is the one that is left with the highest number', () => {
  expect(latestUndoId(store.db)).toBeNull();
  const ids = store.transact('steps', (tx) => [0, 1].map((at) => insertUndo(tx.db, at, 'move', { at })));
  expect(latestUndoId(store.db)).toBe(ids[1]);
  store.transact('take', (tx) => takeUndo(tx.db, ids[1] ?? 0));
  expect(latestUndoId(store.db)).toBe(ids[0]);
});
