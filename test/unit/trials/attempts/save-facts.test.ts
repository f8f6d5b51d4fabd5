import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { setMeta, getMeta } from '../../../../electron/store/meta.ts';
import { getTrialRow, insertTrial, updateTrial, type TrialRow } from '../../../../electron/store/trials.ts';
import { createFactSaver, type FactSaver } from '../../../../electron/trials/attempts/save-facts.ts';
import { createTrialChanges } from '../../../../electron/trials/life/change-trials.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let store: Store;
let facts: FactSaver;
let settled: string[];
let performed: string[];
let commits: number;
let onDisk: Promise<void>;
let fails: (name: string) => boolean;
const logged = { info: vi.fn(), error: vi.fn() };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-facts-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  onDisk = Promise.resolve();
  [settled, performed, commits, fails] = [[], [], 0, () => false];
  store.onCommit(() => commits++);
  const changes = createTrialChanges(store, (_, error) => {
    throw error;
  });
  changes.performWith((effects) => performed.push(...effects.map(({ trialId, effect }) => `#${trialId} ${effect}`)));
  facts = createFactSaver({
    changeTrials: (name, work) => {
      if (fails(name)) throw new Error('disk full');
      return changes.changeTrials(name, work);
    },
    durable: () => onDisk,
    settle: ({ trialId, event }) => settled.push(`#${trialId} ${event.type} ${performed.length}`),
    log: logged,
  });
});
afterEach(() => {
  facts.close();
  vi.useRealTimers();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(over: Partial<TrialRow>): number {
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
    const id = insertTrial(tx.db, makeTrialRow({ experimentId }));
    updateTrial(tx.db, { ...(getTrialRow(tx.db, id) as TrialRow), ...over });
    return id;
  });
}
const starting = (): number => add({ state: 'starting', attempt: 1 });
const stateOf = (id: number): string | undefined => getTrialRow(store.db, id)?.state;

test('a fact is saved with its rows; then memory follows, then what it asked for is performed; the last waits for the disk', async () => {
  const stop = { kind: 'pause', askedAtMs: 0, killAtMs: 60_000 } as const;
  const id = add({ state: 'stopping', attempt: 1, stop });
  const { promise, resolve: reachDisk } = Promise.withResolvers<void>();
  onDisk = promise;
  const saved = vi.fn();
  facts.save({
    trialId: id,
    attempt: 1,
    event: { type: 'launched' },
    extra: (db) => {
      setMeta(db, 'extra', 'written');
    },
    saved,
  });
  expect(getMeta(store.db, 'extra')).toBe('written');
  expect(settled).toEqual([`#${id} launched 0`]);
  expect(performed).toEqual([`#${id} terminate`]);
  await Promise.resolve();
  expect(saved).not.toHaveBeenCalled();
  reachDisk();
  await vi.waitFor(() => {
    expect(saved).toHaveBeenCalledOnce();
  });
});

test('a fact about an attempt of before changes nothing', () => {
  const id = add({ state: 'running', attempt: 2 });
  const extra = vi.fn();
  facts.save({ trialId: id, attempt: 1, event: { type: 'vanished', message: '' }, extra });
  expect(stateOf(id)).toBe('running');
  expect(extra).not.toHaveBeenCalled();
});

test('facts of one moment share a transaction', async () => {
  const ids = [starting(), starting(), starting()];
  commits = 0;
  for (const trialId of ids) facts.saveSoon({ trialId, attempt: 1, event: { type: 'launched' } });
  expect(commits).toBe(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(commits).toBe(1);
  expect(ids.map(stateOf)).toEqual(['running', 'running', 'running']);
});

test('one that cannot be saved holds up no other, and is tried again until it can', async () => {
  const [good, bad] = [starting(), starting()];
  facts.saveSoon({ trialId: good, attempt: 1, event: { type: 'launched' } });
  const extra = vi.fn((): void => {
    throw new Error('no');
  });
  const saved = vi.fn();
  facts.saveSoon({ trialId: bad, attempt: 1, event: { type: 'launched' }, extra, saved });
  await vi.advanceTimersByTimeAsync(0);
  expect([stateOf(good), stateOf(bad)]).toEqual(['running', 'starting']);
  expect(saved).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(extra).toHaveBeenCalledTimes(3);
  extra.mockImplementation(() => undefined);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(stateOf(bad)).toBe('running');
  expect(saved).toHaveBeenCalledOnce();
  expect(settled).toEqual([`#${good} launched 0`, `#${bad} launched 0`]);
});

test('a disk that is full for a while loses nothing, and nothing is saved once it is closed', async () => {
  const [one, two] = [starting(), starting()];
  fails = () => true;
  facts.save({ trialId: one, attempt: 1, event: { type: 'launched' } });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stateOf(one)).toBe('starting');
  fails = () => false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(stateOf(one)).toBe('running');
  facts.saveSoon({ trialId: two, attempt: 1, event: { type: 'launched' } });
  facts.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stateOf(two)).toBe('starting');
});
