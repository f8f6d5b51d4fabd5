import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import type { TrialAction, TrialActionResult } from '../../../electron/contract/trials.ts';
import { createPool, deletePool, ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { rankBehind } from '../../../electron/queue/rank.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { insertDependencies, listDependencies } from '../../../electron/store/dependencies.ts';
import { listGarbage } from '../../../electron/store/garbage.ts';
import {
  getTrialRow,
  insertTrial,
  lastRank,
  readLine,
  updateTrial,
  type TrialRow,
} from '../../../electron/store/trials.ts';
import { actOnManyTrials, MAX_BATCH, MAX_MOVED, undoMany } from '../../../electron/trials/act-on-many.ts';
import { actOnTrials, restore, sayRestored } from '../../../electron/trials/actions.ts';
import { createTrialChanges, type ChangeTrials } from '../../../electron/trials/life/change-trials.ts';
import { insertMetrics, listMetricNames } from '../../../electron/store/reports.ts';
import { createGarbageCollector } from '../../../electron/trials/removal/collect-garbage.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

let dir: string;
let store: Store;
let changeTrials: ChangeTrials;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-actions-'));
  let nowMs = 1000;
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => nowMs++ });
  ensureWorkstationPool(store, 8);
  const changes = createTrialChanges(store, (_text, error) => {
    throw error;
  });
  changes.performWith(() => undefined);
  changeTrials = changes.changeTrials;
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(priority = 42, over: Partial<TrialRow> = {}): number {
  return store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: 'snap',
      createdAtMs: 0,
      idempotencyKey: null,
    });
    const id = insertTrial(tx.db, {
      ...makeTrialRow({ priority, experimentId }),
      rank: rankBehind(lastRank(tx.db, 'workstation')),
    });
    const row = getTrialRow(tx.db, id) as TrialRow;
    if (Object.keys(over).length > 0) updateTrial(tx.db, { ...row, ...over });
    return id;
  });
}
const act = (action: TrialAction, slots = 0): TrialActionResult =>
  actOnTrials({ changeTrials, trialsDir: path.join(dir, 'trials'), slotsInPool: () => slots }, action);
function undoAction(changes: ChangeTrials, undoId: number): TrialActionResult {
  const done = restore(changes, undoId);
  return sayRestored(done?.restored ?? [], done?.left ?? []);
}
const line = (): number[] => readLine(store.db, 'workstation', 0, 100).map(({ id }) => id);
const row = (id: number): TrialRow => getTrialRow(store.db, id) as TrialRow;
function refusal(work: () => unknown): SwitchyardError {
  try {
    work();
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('moving', () => {
  test('to the top, the bottom, ahead, behind and to a place; one row a trial', () => {
    const [a, b, c, d] = [add(), add(), add(), add()] as const;
    act({ action: 'move', trialIds: [d], to: { place: 'top' } });
    expect(line()).toEqual([d, a, b, c]);
    act({ action: 'move', trialIds: [d], to: { place: 'bottom' } });
    expect(line()).toEqual([a, b, c, d]);
    act({ action: 'move', trialIds: [d], to: { place: 'ahead', anchorId: b } });
    expect(line()).toEqual([a, d, b, c]);
    act({ action: 'move', trialIds: [a], to: { place: 'behind', anchorId: c } });
    expect(line()).toEqual([d, b, c, a]);
    const others = [d, b, a].map((id) => row(id).revision);
    act({ action: 'move', trialIds: [c], to: { place: 'index', index: 1 } });
    expect(line()).toEqual([d, c, b, a]);
    expect([d, b, a].map((id) => row(id).revision)).toEqual(others);
  });

  test('says which priority a trial took, and changes none where the place allows the old one', () => {
    const first = add(10);
    const [a, b] = [add(), add()] as const;
    expect(act({ action: 'move', trialIds: [b], to: { place: 'ahead', anchorId: a } }).message).not.toContain(
      'priority',
    );
    expect(act({ action: 'move', trialIds: [b], to: { place: 'top' } }).message).toContain('took priority 10');
    expect(row(b).priority).toBe(10);
    expect(line()).toEqual([b, first, a]);
  });

  test('paused trials keep their place and can be moved; running and ended ones are refused by name', () => {
    const [a, b] = [add(), add()] as const;
    act({ action: 'pause', trialIds: [a] });
    expect(line()).toEqual([a, b]);
    act({ action: 'move', trialIds: [a], to: { place: 'bottom' } });
    const done = add(42, {
      state: 'done',
      outcome: { kind: 'completed', exitCode: 0, code: 'exit', message: '', remedy: null },
    });
    const error = refusal(() => act({ action: 'move', trialIds: [done], to: { place: 'top' } }));
    expect(error.code).toBe('illegal_state');
    expect(error.message).toContain('completed');
    expect(refusal(() => act({ action: 'move', trialIds: [b], to: { place: 'ahead', anchorId: done } })).code).toBe(
      'invalid_place',
    );
    expect(refusal(() => act({ action: 'move', trialIds: [b], to: { place: 'behind', anchorId: b } })).code).toBe(
      'invalid_place',
    );
  });

  test('a priority change keeps the relative rank, there and back', () => {
    const [a, b, c] = [add(), add(), add()] as const;
    act({ action: 'move', trialIds: [c], to: { place: 'ahead', anchorId: b } });
    act({ action: 'priority', trialIds: [c], priority: 50 });
    expect(line()).toEqual([a, b, c]);
    act({ action: 'priority', trialIds: [c], priority: 42 });
    expect(line()).toEqual([a, c, b]);
  });

  test('undo brings the old place back, once', () => {
    const [a, b, c] = [add(), add(), add()] as const;
    const { undoId } = act({ action: 'move', trialIds: [c, b], to: { place: 'top' } });
    expect(line()).toEqual([b, c, a]);
    undoAction(changeTrials, undoId as number);
    expect(line()).toEqual([a, b, c]);
    expect(refusal(() => undoAction(changeTrials, undoId as number)).message).toBe('This cannot be undone any more.');
  });
});

describe('batches', () => {
  test('one refusal leaves everything as it was, and each refusal is named', () => {
    const [a, b] = [add(), add()] as const;
    act({ action: 'pause', trialIds: [b] });
    const error = refusal(() => act({ action: 'pause', trialIds: [a, b] }));
    expect(error.code).toBe('batch_refused');
    expect(error.items?.map(({ id }) => id)).toEqual([b]);
    expect(row(a).state).toBe('queued');
  });

  test('two clients: the second with an old revision is refused', () => {
    const [a, b] = [add(), add()] as const;
    const seen = { [String(b)]: row(b).revision };
    act({ action: 'move', trialIds: [b], expectedRevisions: seen, to: { place: 'ahead', anchorId: a } });
    expect(
      refusal(() => act({ action: 'move', trialIds: [b], expectedRevisions: seen, to: { place: 'bottom' } })).code,
    ).toBe('stale_revision');
    expect(line()).toEqual([b, a]);
  });
});

test('canceling a queued trial can be undone: it comes back to its place', () => {
  const [a, b, c] = [add(), add(), add()] as const;
  const { undoId } = act({ action: 'cancel', trialIds: [b] });
  expect(line()).toEqual([a, c]);
  undoAction(changeTrials, undoId as number);
  expect(line()).toEqual([a, b, c]);
});

describe('an undo of trials that moved on', () => {
  const undo = (undoId: number | null): TrialActionResult => undoAction(changeTrials, undoId as number);

  test('a canceled trial that was archived since is left as it is, and the undo says so', () => {
    const a = add();
    const { undoId } = act({ action: 'cancel', trialIds: [a] });
    act({ action: 'archive', trialIds: [a] });
    const error = refusal(() => undo(undoId));
    expect([error.code, error.message]).toEqual([
      'undo_gone',
      `Nothing was undone: #${a} moved on meanwhile and is left as it is.`,
    ]);
    expect(row(a)).toMatchObject({ state: 'done', archived: true });
  });

  test('one canceled again, and one that ran since its move, are not what the undo remembers', () => {
    const [a, b] = [add(), add()] as const;
    const canceled = act({ action: 'cancel', trialIds: [a] });
    act({ action: 'retry', trialIds: [a], mode: 'attempt' });
    act({ action: 'cancel', trialIds: [a] });
    expect(refusal(() => undo(canceled.undoId)).code).toBe('undo_gone');
    expect(row(a).state).toBe('done');
    const moved = act({ action: 'move', trialIds: [b], to: { place: 'top' } });
    store.transact('ran', (tx) => updateTrial(tx.db, { ...row(b), attempt: 1 }));
    expect(refusal(() => undo(moved.undoId)).code).toBe('undo_gone');
  });

  test('of several only those that moved on are left, and named', () => {
    const [a, b] = [add(), add()] as const;
    const { undoId } = act({ action: 'cancel', trialIds: [a, b] });
    act({ action: 'archive', trialIds: [b] });
    expect(undo(undoId)).toMatchObject({
      trialIds: [a],
      message: `Undone for #${a}; #${b} moved on meanwhile and is left as it is`,
    });
    expect([row(a).state, row(b).state]).toEqual(['queued', 'done']);
  });

  test('the last steps can be undone one after the other', () => {
    const [a, b, c] = [add(), add(), add()] as const;
    const first = act({ action: 'move', trialIds: [c], to: { place: 'top' } });
    const second = act({ action: 'move', trialIds: [c], to: { place: 'behind', anchorId: a } });
    const third = act({ action: 'cancel', trialIds: [c] });
    for (const step of [third, second, first]) expect(undo(step.undoId).trialIds).toEqual([c]);
    expect(line()).toEqual([a, b, c]);
    const archived = act({ action: 'cancel', trialIds: [b] });
    undo(act({ action: 'archive', trialIds: [b] }).undoId);
    expect(undo(archived.undoId).trialIds).toEqual([b]);
    expect(row(b)).toMatchObject({ state: 'queued', archived: false });
  });
});

test('a pool with trials cannot be removed, nor take a trial that asks for more GPUs than it has', () => {
  createPool(store, { name: 'Night only', gpuUuids: ['GPU-1'] }, 8, new Set(['GPU-1']));
  const big = add(42, {});
  store.db.prepare(`UPDATE trial SET spec = json_set(spec, '$.ask.slots', 2) WHERE id = ?`).run(big);
  expect(refusal(() => act({ action: 'pool', trialIds: [big], poolId: 'night-only' }, 1)).code).toBe('too_many_slots');
  act({ action: 'pool', trialIds: [big], poolId: 'night-only' }, 2);
  expect(
    refusal(() => {
      deletePool(store, 'night-only');
    }).code,
  ).toBe('pool_in_use');
  expect(refusal(() => createPool(store, { name: 'x', gpuUuids: ['GPU-9'] }, 8, new Set(['GPU-1']))).code).toBe(
    'not_found',
  );
});

test('deleting takes the rows and remembers what to remove; a snapshot goes with its last trial', () => {
  const a = add();
  act({ action: 'cancel', trialIds: [a] });
  const copy = act({ action: 'retry', trialIds: [a], mode: 'copy' }).trialIds[0] as number;
  expect(refusal(() => act({ action: 'delete', trialIds: [copy] })).message).toContain('Cancel it first');
  act({ action: 'delete', trialIds: [a] });
  expect(getTrialRow(store.db, a)).toBeNull();
  expect(listGarbage(store.db).map(({ garbage }) => garbage.kind)).toEqual(['directory', 'metrics']);
  act({ action: 'cancel', trialIds: [copy] });
  act({ action: 'delete', trialIds: [copy] });
  expect(listGarbage(store.db).map(({ garbage }) => garbage.kind)).toEqual([
    'directory',
    'metrics',
    'directory',
    'metrics',
    'snapshot',
  ]);
});

test('many are deleted in small transactions with turns for others; one that refuses keeps all', async () => {
  const ids = Array.from({ length: 100 }, () => add());
  const context = { changeTrials, trialsDir: path.join(dir, 'trials'), slotsInPool: () => 0 };
  await expect(actOnManyTrials(context, { action: 'delete', trialIds: ids })).rejects.toMatchObject({
    code: 'batch_refused',
  });
  act({ action: 'cancel', trialIds: ids });
  const sizes: number[] = [];
  store.onCommit(({ removedTrialIds }) => {
    if (removedTrialIds.size > 0) sizes.push(removedTrialIds.size);
  });
  const retried = ids.at(-1) ?? 0;
  // Somebody else has a turn in between.
  store.onCommit(() => {
    if (sizes.length === 1 && row(retried).state === 'done')
      act({ action: 'retry', trialIds: [retried], mode: 'attempt' });
  });
  expect(await actOnManyTrials(context, { action: 'delete', trialIds: ids })).toMatchObject({
    message: 'Deleted 99 trials',
  });
  expect(sizes.every((size) => size <= 20)).toBe(true);
  expect(ids.filter((id) => getTrialRow(store.db, id) !== null)).toEqual([retried]);
});

test.each([1, MAX_BATCH + 1])('a dry run of an action on %s and one more refuses or changes nothing', async (count) => {
  const ids = Array.from({ length: count }, () => add());
  const ended = add(42, { state: 'done' });
  const context = { changeTrials, trialsDir: dir, slotsInPool: () => 8 };
  let commits = 0;
  store.onCommit(() => {
    commits += 1;
  });
  const dry = { action: 'cancel', trialIds: ids, dryRun: true } as const;
  expect(await actOnManyTrials(context, dry)).toMatchObject({ trialIds: ids, undoId: null });
  await expect(actOnManyTrials(context, { ...dry, trialIds: [...ids, ended] })).rejects.toMatchObject({
    items: [{ id: ended, code: 'illegal_state' }],
  });
  await expect(actOnManyTrials(context, { action: 'delete', trialIds: ids, dryRun: true })).rejects.toThrow(
    /Cancel it/,
  );
  expect(await actOnManyTrials(context, { action: 'delete', trialIds: [ended], dryRun: true })).toBeTruthy();
  expect([...ids, ended].map((id) => getTrialRow(store.db, id)?.state)).toEqual([...ids.map(() => 'queued'), 'done']);
  expect(commits).toBe(0);
});

describe('an action on more trials than a transaction takes', () => {
  const context = (): Parameters<typeof actOnManyTrials>[0] => ({
    changeTrials,
    trialsDir: path.join(dir, 'trials'),
    slotsInPool: () => 0,
  });
  const addMany = (count: number): number[] => Array.from({ length: count }, () => add());

  test('goes in parts that give others their turn; what changed meanwhile and refuses is left out and named', async () => {
    const ids = addMany(MAX_BATCH + 1);
    const sizes: number[] = [];
    store.onCommit(({ trialIds }) => void sizes.push(trialIds.size));
    const refuses = ids.at(-1) ?? 0;
    // With the first part that is really changed, the last trial becomes one that refuses.
    let isFirst = true;
    store.onCommit(() => {
      if (isFirst) {
        isFirst = false;
        act({ action: 'pause', trialIds: [refuses] });
      }
    });
    const result = await actOnManyTrials(context(), { action: 'pause', trialIds: ids });
    expect(result.trialIds).toEqual(ids.slice(0, -1));
    expect(result.message).toMatch(/^Pausing 101 trials, but 1 that refused meanwhile: #\d+ cannot be paused/);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(MAX_BATCH);
  });

  test('changes nothing where one is not there, was changed meanwhile, or refuses; nobody hears of the trial', async () => {
    const ids = addMany(MAX_BATCH + 1);
    let commits = 0;
    store.onCommit(({ trialIds }) => void (commits += trialIds.size));
    const gone: TrialAction = { action: 'cancel', trialIds: [...ids, 9_999] };
    await expect(actOnManyTrials(context(), gone)).rejects.toMatchObject({ code: 'batch_refused' });
    const stale: TrialAction = { action: 'cancel', trialIds: ids, expectedRevisions: { [String(ids[5])]: 99 } };
    await expect(actOnManyTrials(context(), stale)).rejects.toMatchObject({ code: 'batch_refused' });
    const archive: TrialAction = { action: 'archive', trialIds: ids };
    await expect(actOnManyTrials(context(), archive)).rejects.toMatchObject({ items: { length: ids.length } });
    expect(ids.every((id) => row(id).state === 'queued' && row(id).revision === 1)).toBe(true);
    expect(commits).toBe(0);
    const move: TrialAction = {
      action: 'move',
      trialIds: addMany(MAX_MOVED - MAX_BATCH).concat(ids),
      to: { place: 'top' },
    };
    await expect(actOnManyTrials(context(), move)).rejects.toMatchObject({ code: 'invalid_place' });
  });

  test('is undone as a whole', async () => {
    const ids = addMany(MAX_BATCH + 50);
    const { undoId } = await actOnManyTrials(context(), { action: 'cancel', trialIds: ids });
    act({ action: 'archive', trialIds: [ids[3] ?? 0] });
    const undone = await undoMany(changeTrials, undoId ?? 0);
    expect(undone.message).toMatch(/^Undone for 149 trials; #\d+ moved on meanwhile and is left as it is$/);
    expect(ids.filter((id) => row(id).state !== 'queued')).toEqual([ids[3]]);
    await expect(undoMany(changeTrials, undoId ?? 0)).rejects.toMatchObject({ code: 'undo_gone' });
  });

  test.each([
    { place: 'top' },
    { place: 'bottom' },
    { place: 'ahead', anchorId: 2 },
    { place: 'behind', anchorId: 2 },
    { place: 'index', index: 1 },
  ] as const)('a move to %j leaves them in their order there, all together', async (to) => {
    const stay = addMany(3);
    const moving = addMany(MAX_BATCH + 20);
    const last = add();
    await actOnManyTrials(context(), { action: 'move', trialIds: moving.toReversed(), to });
    const [one = 0, two = 0, three = 0] = stay;
    const expected = {
      top: [...moving, one, two, three, last],
      bottom: [one, two, three, last, ...moving],
      ahead: [one, ...moving, two, three, last],
      behind: [one, two, ...moving, three, last],
      index: [one, ...moving, two, three, last],
    }[to.place];
    expect(readLine(store.db, 'workstation', 0, 1_000).map(({ id }) => id)).toEqual(expected);
  });

  test('up to that many change together or not at all, and can be undone', async () => {
    const ids = addMany(MAX_BATCH);
    const { undoId } = await actOnManyTrials(context(), { action: 'cancel', trialIds: ids });
    await expect(actOnManyTrials(context(), { action: 'cancel', trialIds: ids })).rejects.toMatchObject({
      code: 'batch_refused',
    });
    expect((await undoMany(changeTrials, undoId as number)).trialIds).toHaveLength(MAX_BATCH);
  });
});

test('the points of a deleted trial go in pieces', async () => {
  const id = add();
  act({ action: 'cancel', trialIds: [id] });
  store.transact('points', (tx) => {
    insertMetrics(
      tx.db,
      id,
      Array.from({ length: 10_000 }, (_, step) => ({ name: 'loss', step, value: 1, atMs: 1 })),
    );
  });
  act({ action: 'delete', trialIds: [id] });
  let commits = 0;
  store.onCommit(() => commits++);
  await createGarbageCollector({
    store,
    runtimes: new Map(),
    trialsDir: path.join(dir, 'trials'),
    removeSnapshot: () => Promise.resolve(),
    onError: (_text, error) => {
      throw error;
    },
  })();
  expect(listMetricNames(store.db, id)).toEqual([]);
  expect(listGarbage(store.db)).toEqual([]);
  expect(commits).toBeGreaterThan(3);
});

describe('trials that start after others', () => {
  const wait = (id: number, on: number, wants: 'completed' | 'ended' = 'completed'): void => {
    store.transact('wait', (tx) => {
      insertDependencies(tx.db, id, [{ trialId: on, wants }]);
    });
  };
  const waitsFor = (id: number): number[] => listDependencies(store.db, id).map(({ trialId }) => trialId);
  const ended = (kind: 'completed' | 'failed'): number =>
    add(42, { state: 'done', endedAtMs: 1, outcome: { kind, exitCode: 0, code: 'exit', message: '', remedy: null } });

  test('are released from all of them, or refuse where there are none', () => {
    const [first, second] = [add(), add()];
    wait(second, first);
    expect(act({ action: 'release', trialIds: [second] }).message).toBe(`Released #${second}`);
    expect(waitsFor(second)).toEqual([]);
    expect(() => act({ action: 'release', trialIds: [second] })).toThrow(/waits for no other trial/);
  });
  test('a copy waits for the same', () => {
    const [first, second] = [add(), add()];
    wait(second, first);
    const [copy = 0] = act({ action: 'retry', mode: 'copy', trialIds: [second] }).trialIds;
    expect(waitsFor(copy)).toEqual([first]);
  });
  test('what the end of a trial fulfilled stays so when it is deleted; what it did not is remembered', () => {
    const [good, bad, any, waiting] = [ended('completed'), ended('failed'), ended('failed'), add()];
    wait(waiting, good);
    wait(waiting, bad);
    wait(waiting, any, 'ended');
    act({ action: 'delete', trialIds: [good, bad, any] });
    expect(listDependencies(store.db, waiting)).toEqual([{ trialId: bad, wants: 'completed', trial: null }]);
  });
});
