import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../../electron/store/database.ts';
import { getMeta, setMeta } from '../../../electron/store/meta.ts';
import { giveFromReserve, growReserve, reserveBytes } from '../../../electron/store/reserve.ts';

const MIB = 1024 * 1024;
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-reserve-'));
  file = path.join(dir, 'reserve');
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});
const size = (): number => statSync(file).size;

test('a reserve is made where there is plenty of room, given back in pieces, and grows again', async () => {
  const plenty = { freeMiB: 100_000, totalMiB: 500_000 };
  await growReserve(file, null);
  await growReserve(file, { freeMiB: 100, totalMiB: 500_000 });
  expect(giveFromReserve(file)).toBe(false);
  await growReserve(file, plenty);
  expect(size()).toBe(16 * MIB);
  expect(statSync(file).blocks * 512).toBeGreaterThanOrEqual(16 * MIB);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(giveFromReserve(file)).toBe(true);
  expect(size()).toBe(12 * MIB);
  await growReserve(file, plenty);
  expect(size()).toBe(16 * MIB);
  let pieces = 0;
  while (giveFromReserve(file)) pieces += 1;
  expect(pieces).toBeGreaterThan(8);
  expect(size()).toBe(0);
  expect(reserveBytes(48)).toBe(3 * MIB);
});

test('on a full disk what must be saved is saved from the reserve, once it is used up as little as anything else; the rest is refused', () => {
  let rooms = 1;
  let maxPages = 0;
  const store = openStore(path.join(dir, 'switchyard.db'), {
    nowMs: () => 0,
    makeRoom: () => {
      if (rooms === 0) return false;
      rooms -= 1;
      store.db.pragma(`max_page_count = ${maxPages + 40}`);
      return true;
    },
  });
  maxPages = store.db.pragma('page_count', { simple: true }) as number;
  store.db.pragma(`max_page_count = ${maxPages}`);
  let runs = 0;
  const write = (key: string, must?: 'must'): void => {
    store.transact(
      'write',
      (tx) => {
        runs += 1;
        setMeta(tx.db, key, 'x'.repeat(100_000));
      },
      must,
    );
  };
  expect(() => write('a')).toThrow(/full/);
  expect(rooms).toBe(1);
  runs = 0;
  write('b', 'must');
  expect([runs, rooms]).toEqual([2, 0]);
  expect(getMeta(store.db, 'b')).toHaveLength(100_000);
  expect(() => write('c', 'must')).toThrow(/full/);
  store.close();
});
