/** Steps that can be taken back: each once, and only the latest. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertUndo, takeUndo } from '../../../electron/store/undo.ts';

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

test('the last 200 can be taken back, each once', () => {
  const ids = store.transact('steps', (tx) =>
    Array.from({ length: 201 }, (_, at) => insertUndo(tx.db, at, 'move', { at })),
  );
  const take = (id = 0): unknown => store.transact('take', (tx) => takeUndo(tx.db, id));
  expect(take(ids[0])).toBeNull();
  expect(take(ids[1])).toEqual({ kind: 'move', data: { at: 1 } });
  expect(take(ids[1])).toBeNull();
  expect(take(ids[200])).toEqual({ kind: 'move', data: { at: 200 } });
});
