import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNotices, type Notices } from '../../../electron/feed/notices.ts';
import { holdAfterReboot } from '../../../electron/queue/hold-after-reboot.ts';
import { pauseDrainedPools } from '../../../electron/queue/pause-drained.ts';
import { actOnPool, createPool, ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { listPools } from '../../../electron/store/pools.ts';
import { readSettings, writeSettings } from '../../../electron/store/settings.ts';

let dir: string;
let store: Store;
let notices: Notices;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-hold-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  createPool(store, { name: 'Night', gpuUuids: [] }, 8, new Set());
  notices = createNotices(
    () => 0,
    () => undefined,
  );
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const states = (): Record<string, string> =>
  Object.fromEntries(listPools(store.db).map(({ id, state }) => [id, state]));
const boot = (id: string | null): Promise<void> => holdAfterReboot(store, { bootId: async () => id }, notices);
function wish(afterReboot: 'hold' | 'continue'): void {
  store.transact('wish', (tx) => {
    writeSettings(tx.db, { ...readSettings(tx.db), afterReboot });
  });
}

test('after a reboot the pools are paused where the user wants that; a restart of the engine alone is none', async () => {
  wish('hold');
  await boot('first');
  await boot('first');
  await boot(null);
  expect(states()).toEqual({ workstation: 'open', night: 'open' });
  actOnPool(store, 'night', 'drain');
  await boot('second');
  expect(states()).toEqual({ workstation: 'paused', night: 'draining' });
  expect(notices.list().map(({ id }) => id)).toEqual(['held_after_reboot']);
});

test('otherwise the queue goes on, and the boot is noted all the same', async () => {
  wish('continue');
  await boot('first');
  await boot('second');
  wish('hold');
  await boot('second');
  expect(states()).toEqual({ workstation: 'open', night: 'open' });
  expect(notices.list()).toEqual([]);
});

test('a pool that drains is paused when nothing is active in it any more', () => {
  actOnPool(store, 'night', 'drain');
  pauseDrainedPools(store, (poolId) => poolId === 'night');
  expect(states()).toEqual({ workstation: 'open', night: 'draining' });
  pauseDrainedPools(store, () => false);
  expect(states()).toEqual({ workstation: 'open', night: 'paused' });
});
