/** An engine's name is bound to where its data lives: a copy gets another, a move and a restored backup keep it. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../electron/store/database.ts';
import { takeIdentity } from '../../../electron/store/meta.ts';

test('a copy is another engine', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-identity-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  const store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 0 });
  const first = takeIdentity(store, { path: '/a', inode: '1' });
  expect(first.isCopy).toBe(false);
  expect(takeIdentity(store, { path: '/a', inode: '1' })).toEqual(first);
  // Moved, then restored from a backup at the same place.
  expect(takeIdentity(store, { path: '/b', inode: '1' })).toEqual(first);
  expect(takeIdentity(store, { path: '/b', inode: '2' })).toEqual(first);
  const copy = takeIdentity(store, { path: '/c', inode: '3' });
  expect(copy.isCopy).toBe(true);
  expect(copy.engineId).not.toBe(first.engineId);
  expect(takeIdentity(store, { path: '/c', inode: '3' })).toEqual({ ...copy, isCopy: false });
  store.close();
});
