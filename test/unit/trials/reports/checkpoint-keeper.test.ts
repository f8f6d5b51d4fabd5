import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { listHistory } from '../../../../electron/store/events.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { insertCheckpoint, listCheckpoints, pinCheckpoint } from '../../../../electron/store/reports.ts';
import { insertTrial } from '../../../../electron/store/trials.ts';
import { pickLatestCheckpoint, type FoundCheckpoint } from '../../../../electron/trials/files/checkpoints.ts';
import { surplusCheckpoints } from '../../../../electron/trials/files/prune-checkpoints.ts';
import { createCheckpointKeeper } from '../../../../electron/trials/reports/checkpoint-keeper.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-keep-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(keepCheckpoints?: number): { readonly id: number; readonly checkpoints: string } {
  const id = store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    const row = makeTrialRow({ experimentId });
    const spec = { ...row.spec, ...(keepCheckpoints === undefined ? {} : { keepCheckpoints }) };
    return insertTrial(tx.db, { ...row, spec });
  });
  const checkpoints = path.join(dir, 'trials', String(id), 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  return { id, checkpoints };
}

function save(trial: { readonly id: number; readonly checkpoints: string }, name: string, savedAtMs: number): void {
  const at = path.join(trial.checkpoints, name);
  mkdirSync(path.join(at, 'shards'), { recursive: true });
  writeFileSync(path.join(at, 'shards', 'weights'), name);
  utimesSync(at, savedAtMs / 1000, savedAtMs / 1000);
  const row = { trialId: trial.id, attempt: 1, path: name, step: null, savedAtMs, sizeBytes: 1, metrics: {} };
  store.transact('checkpoint', (tx) => {
    insertCheckpoint(tx.db, row);
  });
}

async function keep(id: number, byDefault = 0): Promise<void> {
  const keeper = createCheckpointKeeper({
    store,
    trialsDir: path.join(dir, 'trials'),
    keepByDefault: () => byDefault,
    onError: (text, error) => {
      throw new Error(text, { cause: error });
    },
  });
  keeper.saved(id);
  keeper.saved(id);
  await keeper.idle();
}

test('the newest stay, older ones go from the disk and from the list, and the history says which', async () => {
  const trial = add(2);
  for (const [n, name] of ['a', 'b', 'c', 'd'].entries()) save(trial, name, 10_000 + n * 1000);
  // One that is being written, something that is no checkpoint, and what a crash left of an earlier removal.
  mkdirSync(path.join(trial.checkpoints, '.draft-e'));
  symlinkSync('/etc', path.join(trial.checkpoints, '.removed-link'));
  mkdirSync(path.join(trial.checkpoints, '.removed-z', 'shards'), { recursive: true });
  await keep(trial.id);
  expect(readdirSync(trial.checkpoints).toSorted()).toEqual(['.draft-e', '.removed-link', 'c', 'd']);
  expect(listCheckpoints(store.db, trial.id).map(({ path: name }) => name)).toEqual(['c', 'd']);
  expect(listHistory(store.db, trial.id, 10).map(({ text }) => text)).toEqual([
    'Removed the checkpoints of a, b: the newest 2 are kept',
  ]);
  expect(existsSync('/etc/passwd')).toBe(true);
});

test('what a crash left of a removal is not in the way of the next one of that name', async () => {
  const trial = add(1);
  mkdirSync(path.join(trial.checkpoints, '.removed-a', 'shards'), { recursive: true });
  symlinkSync('/etc', path.join(trial.checkpoints, '.removed-b'));
  for (const [n, name] of ['a', 'b', 'c'].entries()) save(trial, name, 10_000 + n * 1000);
  await keep(trial.id);
  expect(readdirSync(trial.checkpoints)).toEqual(['c']);
});

test('a pinned one stays, and takes no place of the newest', async () => {
  const trial = add(1);
  for (const [n, name] of ['a', 'b', 'c'].entries()) save(trial, name, 10_000 + n * 1000);
  pinCheckpoint(store.db, listCheckpoints(store.db, trial.id)[0]?.id ?? 0, true);
  await keep(trial.id);
  expect(readdirSync(trial.checkpoints).toSorted()).toEqual(['a', 'c']);
});

test('without a word in its configuration the setting counts; 0 keeps all', async () => {
  const trial = add();
  for (const [n, name] of ['a', 'b', 'c'].entries()) save(trial, name, 10_000 + n * 1000);
  await keep(trial.id, 0);
  expect(readdirSync(trial.checkpoints)).toHaveLength(3);
  await keep(trial.id, 1);
  expect(readdirSync(trial.checkpoints)).toEqual(['c']);
});

test('property: what the next attempt goes on from and what was saved last always stay; no more go than must', () => {
  const checkpoint = fc.record({ step: fc.option(fc.nat(20)), savedAtMs: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(checkpoint, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (list, keepLast) => {
      const found: FoundCheckpoint[] = list
        .map((one, n) => ({ ...one, name: String(n), path: String(n), metrics: {} }))
        .toSorted((a, b) => (b.step ?? -1) - (a.step ?? -1) || b.savedAtMs - a.savedAtMs);
      const goes = new Set(surplusCheckpoints(found, keepLast));
      const stays = found.filter((one) => !goes.has(one));
      if (found[0] !== undefined) expect(goes.has(found[0])).toBe(false);
      const latest = Math.max(...found.map(({ savedAtMs }) => savedAtMs));
      for (const one of goes) expect(one.savedAtMs).toBeLessThan(latest);
      expect(stays.length).toBeGreaterThanOrEqual(Math.min(keepLast, found.length));
      expect(found.slice(0, keepLast).every((one) => !goes.has(one))).toBe(true);
    }),
  );
});

test('the next attempt still finds the one it would have gone on from', async () => {
  const trial = add(1);
  for (const [n, name] of ['a', 'b'].entries()) save(trial, name, 10_000 + n * 1000);
  const before = await pickLatestCheckpoint(trial.checkpoints);
  await keep(trial.id);
  expect(await pickLatestCheckpoint(trial.checkpoints)).toEqual(before);
});
