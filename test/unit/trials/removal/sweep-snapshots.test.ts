import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Snapshots } from '../../../../electron/ports/snapshots.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { sweepSnapshots } from '../../../../electron/trials/removal/sweep-snapshots.ts';
import { openSnapshots } from '../../../../native/snapshots/open-snapshots.ts';

const DAY_MS = 24 * 3_600_000;
let dir: string;
let store: Store;
let snapshots: Snapshots;
let nowMs = 0;
let errors: unknown[];

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-sweep-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => nowMs });
  mkdirSync(path.join(dir, 'source'));
  mkdirSync(path.join(dir, 'snapshots'));
  nowMs = 1_000_000;
  errors = [];
  open();
});
afterEach(async () => {
  await snapshots.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(): void {
  snapshots = openSnapshots({ snapshotsDir: path.join(dir, 'snapshots'), dataDir: path.join(dir, 'data') });
}
const sweep = (): Promise<void> =>
  sweepSnapshots({ store, snapshots, nowMs: () => nowMs, onError: (_text, error) => errors.push(error) });

async function take(content: string): Promise<string> {
  writeFileSync(path.join(dir, 'source', 'train.py'), content);
  const { id, release } = await snapshots.take({ sourceDir: path.join(dir, 'source'), limitBytes: 1_000_000 });
  release();
  return id;
}

function name(snapshot: string): void {
  store.transact('name', (tx) => {
    insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot,
      createdAtMs: 0,
      idempotencyKey: null,
    });
  });
}

test('a snapshot that a crash left without a name goes after a month; named ones, and those named in time, stay', async () => {
  const named = await take('1');
  name(named);
  const late = await take('2');
  const unnamed = await take('3');
  // The engine dies here and is started again.
  await snapshots.close();
  open();
  await sweep();
  expect([...(await snapshots.list())].toSorted()).toEqual([named, late, unnamed].toSorted());
  nowMs += 29 * DAY_MS;
  await sweep();
  expect(await snapshots.list()).toHaveLength(3);
  name(late);
  nowMs += 2 * DAY_MS;
  await sweep();
  expect([...(await snapshots.list())].toSorted()).toEqual([named, late].toSorted());
  expect((await snapshots.verify(unnamed)).kind).toBe('missing');
  expect(errors).toEqual([]);
});

test('one that is just being submitted is not taken away', async () => {
  const first = await take('1');
  await sweep();
  nowMs += 31 * DAY_MS;
  const again = await snapshots.take({ sourceDir: path.join(dir, 'source'), limitBytes: 1_000_000 });
  expect(again.id).toBe(first);
  await sweep();
  expect(errors).toHaveLength(1);
  expect(await snapshots.list()).toEqual([first]);
  again.release();
});
