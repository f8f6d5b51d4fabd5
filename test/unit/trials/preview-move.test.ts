import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPool, ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { rankBehind } from '../../../electron/queue/rank.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { insertTrial, lastRank, readLine, type TrialRow } from '../../../electron/store/trials.ts';
import { previewMove } from '../../../electron/trials/preview-move.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

let dir: string;
let store: Store;
let asked: readonly TrialRow[];

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-preview-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  createPool(store, { name: 'Night', gpuUuids: [] }, 8, new Set());
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(priority: number): number {
  return store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    const rank = rankBehind(lastRank(tx.db, 'workstation'));
    return insertTrial(tx.db, { ...makeTrialRow({ priority, experimentId }), rank });
  });
}
const preview = (ids: number[], to: Parameters<typeof previewMove>[3], poolId?: string): number | null =>
  previewMove(
    store,
    (moved) => {
      asked = moved;
      return { before: [], after: [] };
    },
    ids,
    to,
    poolId,
  ).priority;

test('a preview says which priority would be taken, asks for the new places, and moves nothing', () => {
  const [first, second] = [add(10), add(42)];
  const before = readLine(store.db, 'workstation', 0, 10).map(({ id }) => id);
  expect(preview([second], { place: 'top' })).toBe(10);
  expect(asked).toMatchObject([{ id: second, priority: 10 }]);
  expect((asked[0]?.rank ?? '') < 'a0').toBe(true);
  expect(preview([second], { place: 'bottom' })).toBeNull();
  expect(readLine(store.db, 'workstation', 0, 10).map(({ id }) => id)).toEqual(before);
  expect(before).toEqual([first, second]);
});

test('in another pool they stand at the end of its line with their own priority', () => {
  const trial = add(42);
  expect(preview([trial], { place: 'top' }, 'night')).toBeNull();
  expect(asked).toMatchObject([{ id: trial, poolId: 'night', priority: 42 }]);
  expect(() => preview([trial], { place: 'top' }, 'nowhere')).toThrow(/no pool "nowhere"/);
  expect(() => preview([99], { place: 'top' })).toThrow(/no trial #99/);
});
