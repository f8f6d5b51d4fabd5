import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { changeSlot, createPool, ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { getPool, listKeptBack } from '../../../electron/store/pools.ts';

const KNOWN = new Set(['GPU-1', 'GPU-2']);
let dir: string;
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-slots-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  createPool(store, { name: 'Night', gpuUuids: ['GPU-1'] }, 8, KNOWN);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});
const gpusOf = (id: string): readonly string[] | undefined => getPool(store.db, id)?.gpuUuids;

test('a slot goes to a pool, and back to the workstation by nobody claiming it', () => {
  changeSlot(store, 'GPU-2', { poolId: 'night' }, KNOWN);
  expect(gpusOf('night')).toEqual(['GPU-1', 'GPU-2']);
  changeSlot(store, 'GPU-2', { poolId: 'night' }, KNOWN);
  expect(gpusOf('night')).toEqual(['GPU-1', 'GPU-2']);
  changeSlot(store, 'GPU-1', { poolId: 'workstation', keptBack: true }, KNOWN);
  expect(gpusOf('night')).toEqual(['GPU-2']);
  expect(gpusOf('workstation')).toEqual([]);
  expect([...listKeptBack(store.db)]).toEqual(['GPU-1']);
});

test('a change that is refused in one part changes nothing', () => {
  expect(() => {
    changeSlot(store, 'GPU-2', { keptBack: true, poolId: 'nowhere' }, KNOWN);
  }).toThrow(SwitchyardError);
  expect(() => {
    changeSlot(store, 'GPU-9', { keptBack: true }, KNOWN);
  }).toThrow(/no GPU GPU-9/);
  expect([...listKeptBack(store.db)]).toEqual([]);
});
