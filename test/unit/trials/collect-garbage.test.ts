/** What deleted trials left: an entry goes when its removal worked, and nothing outside of the trials' directory is ever removed. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertGarbage, listGarbage, type Garbage } from '../../../electron/store/garbage.ts';
import { createGarbageCollector } from '../../../electron/trials/removal/collect-garbage.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-garbage-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function collector(removeSnapshot: (snapshot: string) => Promise<void> = () => Promise.resolve()): {
  collect(): Promise<void>;
  errors: string[];
} {
  const errors: string[] = [];
  const collect = createGarbageCollector({
    store,
    runtimes: new Map(),
    trialsDir: path.join(dir, 'trials'),
    removeSnapshot,
    onError: (text) => errors.push(text),
  });
  return { collect, errors };
}

function add(...entries: readonly Garbage[]): void {
  store.transact('garbage', (tx) => {
    for (const garbage of entries) insertGarbage(tx.db, garbage);
  });
}

test('a directory that is not one of a trial stays, whatever the database says', async () => {
  const own = path.join(dir, 'trials', '7');
  const others = [
    path.join(dir, 'precious'),
    path.join(dir, 'trials', '7', '..', '..', 'precious'),
    path.join(own, 'deep'),
  ];
  for (const made of [...others, own]) mkdirSync(made, { recursive: true });
  add(...others.map((at): Garbage => ({ kind: 'directory', path: at })));
  const { collect, errors } = collector();
  await collect();
  expect(others.map((at) => existsSync(at))).toEqual([true, true, true]);
  expect(errors).toHaveLength(3);
  add({ kind: 'directory', path: own });
  await collect();
  expect(existsSync(own)).toBe(false);
});

test('what could not be removed is kept for the next time, and holds up nothing else', async () => {
  add({ kind: 'snapshot', snapshot: 'busy' }, { kind: 'snapshot', snapshot: 'free' });
  let isBusy = true;
  const removed: string[] = [];
  const { collect, errors } = collector((snapshot) => {
    if (snapshot === 'busy' && isBusy) return Promise.reject(new Error('in use'));
    removed.push(snapshot);
    return Promise.resolve();
  });
  await collect();
  expect([removed, errors.length]).toEqual([['free'], 1]);
  expect(listGarbage(store.db).map(({ garbage }) => garbage)).toEqual([{ kind: 'snapshot', snapshot: 'busy' }]);
  isBusy = false;
  await collect();
  expect([removed, listGarbage(store.db)]).toEqual([['free', 'busy'], []]);
});
