/** A search on a real store: what its trials bring it, and the trials it makes of that. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ExperimentAction } from '../../../electron/contract/experiments.ts';
import type { TrialActionResult } from '../../../electron/contract/trials.ts';
import { actOnExperiment } from '../../../electron/experiments/act-on-experiment.ts';
import { validateConfig } from '../../../electron/experiments/config/parse-config.ts';
import { planTrials } from '../../../electron/experiments/plan-trials.ts';
import { createSearchRunner, ordinal, takeNews } from '../../../electron/experiments/run-searches.ts';
import { specInSweep } from '../../../electron/experiments/config/resolve-config.ts';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { rankBehind } from '../../../electron/queue/rank.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { findSearchWithNews, getSearch, insertSearch, insertSearchNews } from '../../../electron/store/searches.ts';
import {
  findInSweep,
  getTrialRow,
  insertTrial,
  lastRank,
  listTrialsOf,
  readLine,
  updateTrial,
  type TrialRow,
} from '../../../electron/store/trials.ts';
import { createTrialChanges, type ChangeTrials } from '../../../electron/trials/life/change-trials.ts';
import { noteForSearch } from '../../../electron/trials/reports/note-for-search.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

let dir: string;
let store: Store;
let changeTrials: ChangeTrials;
let effects: string[];
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-searches-'));
  let nowMs = 1000;
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => nowMs++ });
  ensureWorkstationPool(store, 8);
  const changes = createTrialChanges(store, (_text, error) => {
    throw error;
  });
  effects = [];
  changes.performWith((pending) => {
    effects.push(...pending.map(({ effect }) => effect));
  });
  changeTrials = changes.changeTrials;
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const HALVING = {
  name: 'async_halving',
  metric: 'loss',
  time_metric: 'epoch',
  max_time: 16,
  num_rungs: 3,
  divisor: 4,
  max_trials: 6,
  max_concurrent_trials: 2,
};

async function begin(searcher: Record<string, unknown>): Promise<number> {
  const { config } = validateConfig({
    entrypoint: 'train --lr {lr}',
    hyperparameters: { lr: { type: 'log', minval: -4, maxval: -1 }, depth: 3 },
    set_params: ['depth=5'],
    searcher,
    reproducibility: { experiment_seed: 7 },
  });
  const plan = await planTrials({ config, sourceDir: null, source: 'none', random: Math.random });
  return store.transact('submit', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      kind: plan.kind,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    if (plan.search !== null) insertSearch(tx.db, { experimentId, ...plan.search, phase: 'active' });
    for (const member of plan.members)
      insertTrial(tx.db, {
        ...makeTrialRow({ experimentId, hparams: member.hparams }),
        spec: specInSweep(makeTrialRow().spec, config.entrypoint, member),
        rank: rankBehind(lastRank(tx.db, 'workstation')),
      });
    return experimentId;
  });
}
const rows = (id: number): TrialRow[] => listTrialsOf(store.db, id);
const named = (id: number, name: string): TrialRow => findInSweep(store.db, id, name) as TrialRow;
function run(id: number, name: string): void {
  updateTrial(store.db, { ...named(id, name), state: 'running', attempt: 1, startedAtMs: 1 });
}
function reports(id: number, name: string, epoch: number, loss: number): void {
  store.transact('report', ({ db }) => {
    const point = (of: string, value: number) => ({ name: of, step: epoch * 100, value, atMs: 0 });
    const isFinite = Number.isFinite(loss);
    const points = [point('epoch', epoch), ...(isFinite ? [point('loss', loss)] : [])];
    noteForSearch(db, named(id, name), points, new Set(isFinite ? [] : ['loss']));
  });
}
const goOn = (id: number): void => {
  while (findSearchWithNews(store.db) === id) takeNews({ changeTrials }, id);
};
const ends = (id: number, name: string, type: 'cancel' | 'fail' | 'invalid'): void => {
  changeTrials('end', ({ fire }) => {
    const exit = {
      exitCode: type === 'invalid' ? 78 : 1,
      signal: null,
      oomKilled: false,
      lost: false,
      endedAtMs: 5,
      message: null,
    };
    fire(named(id, name), type === 'cancel' ? { type } : { type: 'exited', exit });
  });
};

test('a trial that is not among the best is stopped, says where it stood, and another takes its place', async () => {
  const id = await begin(HALVING);
  expect(rows(id).map(({ spec, hparams }) => [spec.inSweep, spec.command, hparams['depth']])).toEqual([
    ['t1', expect.stringMatching(/^train --lr 0\.\d+$/), 5],
    ['t2', expect.stringMatching(/^train --lr 0\.\d+$/), 5],
  ]);
  run(id, 't1');
  run(id, 't2');
  reports(id, 't1', 1, 0.5);
  reports(id, 't2', 1, 0.9);
  goOn(id);
  expect(named(id, 't1').state).toBe('running');
  expect(named(id, 't2')).toMatchObject({
    state: 'stopping',
    stop: { kind: 'search', note: 'Stopped by its search at rung 1: 2nd of 2' },
  });
  // Behind its siblings, ahead of what others submitted since.
  const [third] = rows(id).filter(({ spec }) => spec.inSweep === 't3');
  expect(third).toMatchObject({ state: 'queued', hparams: { depth: 5 } });
  expect(third?.spec.command).toContain(String(third?.hparams['lr']));
});

test('a trial that ran as long as any may end by itself; one that is stopped early is told at once', async () => {
  const id = await begin(HALVING);
  run(id, 't1');
  run(id, 't2');
  reports(id, 't1', 16, 0.1);
  goOn(id);
  expect([named(id, 't1').stop?.note, effects]).toEqual([
    'Ran as long as its search lets any run; 1st of 1 that did',
    ['terminate_later'],
  ]);
  reports(id, 't2', 1, 0.9);
  goOn(id);
  expect(effects).toEqual(['terminate_later', 'terminate']);
});

test('a metric that is no number counts as the worst', async () => {
  const id = await begin(HALVING);
  run(id, 't1');
  run(id, 't2');
  reports(id, 't1', 1, 0.9);
  reports(id, 't2', 1, Number.NaN);
  goOn(id);
  expect([named(id, 't1').state, named(id, 't2').state]).toEqual(['running', 'stopping']);
});

test('a trial that fails is replaced, until all were tried; then the search is over', async () => {
  const id = await begin({ name: 'random', metric: 'loss', max_trials: 3, max_concurrent_trials: 2 });
  for (const name of ['t1', 't2', 't3']) {
    run(id, name);
    ends(id, name, 'fail');
    goOn(id);
  }
  expect(rows(id)).toHaveLength(3);
  expect(getSearch(store.db, id)?.phase).toBe('over');
});

test('impossible hyperparameters do not count as a trial', async () => {
  const id = await begin({ name: 'random', metric: 'loss', max_trials: 2, max_concurrent_trials: 1 });
  for (const [name, type] of [
    ['t1', 'invalid'],
    ['t2', 'fail'],
    ['t3', 'invalid'],
    ['t4', 'fail'],
  ] as const) {
    run(id, name);
    ends(id, name, type);
    goOn(id);
  }
  expect(rows(id).map(({ outcome }) => outcome?.code)).toEqual(['invalid', 'exit', 'invalid', 'exit']);
  expect(getSearch(store.db, id)?.phase).toBe('over');
});

test('one that is canceled is replaced; all of them at once give the search up', async () => {
  const id = await begin({ name: 'random', metric: 'loss', max_trials: 9, max_concurrent_trials: 2 });
  ends(id, 't1', 'cancel');
  goOn(id);
  expect(rows(id)).toHaveLength(3);
  ends(id, 't2', 'cancel');
  ends(id, 't3', 'cancel');
  goOn(id);
  expect(rows(id)).toHaveLength(3);
  expect(getSearch(store.db, id)?.phase).toBe('over');
});

test('new trials keep the place, the pool and the priority that the search has now', async () => {
  const id = await begin({ name: 'random', metric: 'loss', max_trials: 9, max_concurrent_trials: 2 });
  const other = store.transact('other', (tx) =>
    insertTrial(tx.db, { ...makeTrialRow({ experimentId: id }), rank: rankBehind(lastRank(tx.db, 'workstation')) }),
  );
  for (const row of rows(id)) if (row.id !== other) updateTrial(store.db, { ...row, priority: 10 });
  ends(id, 't1', 'cancel');
  goOn(id);
  const third = named(id, 't3');
  expect(third.priority).toBe(10);
  expect(third.rank > named(id, 't2').rank && third.rank < (getTrialRow(store.db, other) as TrialRow).rank).toBe(true);
  expect(readLine(store.db, 'workstation', 0, 9).map((place) => place.id)).toEqual([
    named(id, 't2').id,
    third.id,
    other,
  ]);
});

test('a search that could not go on does so with the next commit', async () => {
  const id = await begin(HALVING);
  run(id, 't1');
  reports(id, 't1', 1, 0.5);
  const said: string[] = [];
  let isFull = true;
  const runner = createSearchRunner({
    store,
    changeTrials: (name, work) => {
      if (isFull) throw new Error('full');
      return changeTrials(name, work);
    },
    onError: (text) => said.push(text),
  });
  runner.nudge();
  await expect.poll(() => said).toHaveLength(1);
  expect(findSearchWithNews(store.db)).toBe(id);
  isFull = false;
  runner.nudge();
  await expect.poll(() => findSearchWithNews(store.db)).toBeNull();
  runner.close();
});

test('what the search learns late it learns as if at once: the same trials', async () => {
  const course = async (every: number): Promise<unknown> => {
    const id = await begin(HALVING);
    for (const name of ['t1', 't2']) run(id, name);
    let told = 0;
    const tell = (name: string, epoch: number, loss: number): void => {
      reports(id, name, epoch, loss);
      told += 1;
      if (told % every === 0) goOn(id);
    };
    tell('t1', 1, 0.5);
    tell('t2', 1, 0.7);
    tell('t1', 4, 0.4);
    insertSearchNews(store.db, id, { kind: 'ended', trial: 't1', how: 'failed' });
    tell('t2', 16, 0.1);
    goOn(id);
    return rows(id).map(({ spec, hparams }) => [spec.inSweep, hparams]);
  };
  const atOnce = await course(1);
  expect(await course(2)).toEqual(atOnce);
  expect(await course(99)).toEqual(atOnce);
});

const act = (id: number, action: ExperimentAction): Promise<TrialActionResult> =>
  actOnExperiment(
    { changeTrials, trialsDir: path.join(dir, 'trials'), slotsInPool: () => 8, db: store.db },
    id,
    action,
  );
const RANDOM = { name: 'random', metric: 'loss', max_trials: 4, max_concurrent_trials: 2 };

test('a search that is paused makes paused trials, and goes on when it is resumed', async () => {
  const id = await begin(RANDOM);
  run(id, 't1');
  expect((await act(id, { action: 'pause' })).message).toBe('Pausing 2 trials of e');
  expect(rows(id).map(({ state }) => state)).toEqual(['stopping', 'paused']);
  ends(id, 't1', 'cancel');
  changeTrials('end', ({ fire }) => {
    const exit = { exitCode: 0, signal: null, oomKilled: false, lost: false, endedAtMs: 9e6, message: null };
    fire(named(id, 't1'), { type: 'exited', exit });
  });
  goOn(id);
  expect(named(id, 't3').state).toBe('paused');
  await act(id, { action: 'resume' });
  expect([named(id, 't2').state, named(id, 't3').state]).toEqual(['queued', 'queued']);
  expect(getSearch(store.db, id)?.phase).toBe('active');
});

test('a search that is canceled tries no others, and cannot be undone by half', async () => {
  const id = await begin(RANDOM);
  expect((await act(id, { action: 'cancel' })).undoId).toBeNull();
  goOn(id);
  expect(rows(id).map(({ outcome }) => outcome?.kind)).toEqual(['canceled', 'canceled']);
  expect(getSearch(store.db, id)?.phase).toBe('over');
  await expect(act(id, { action: 'cancel' })).rejects.toThrow('None of the 2 trials of e is still to run.');
});

test('a sweep moves as one and is capped as one, its trials to come too', async () => {
  const id = await begin(RANDOM);
  const others = await begin(RANDOM);
  await act(others, { action: 'move', to: { place: 'top' } });
  await act(id, { action: 'cap', maxSlots: 3 });
  const first = named(id, 't1');
  await act(id, { action: 'move', to: { place: 'top' } });
  const order = readLine(store.db, 'workstation', 0, 9).map((place) => getTrialRow(store.db, place.id)?.experimentId);
  expect(order).toEqual([id, id, others, others]);
  ends(id, 't1', 'cancel');
  goOn(id);
  expect([first.spec.terms.maxSlots, named(id, 't3').spec.terms.maxSlots]).toEqual([3, 3]);
  await act(id, { action: 'cap', maxSlots: null });
  expect(named(id, 't3').spec.terms.maxSlots).toBeNull();
});

test('a search that is over goes on with more trials, drawn as if it had never ended', async () => {
  const whole = await begin({ ...RANDOM, max_trials: 6, max_concurrent_trials: 6 });
  const id = await begin(RANDOM);
  for (const name of ['t1', 't2', 't3', 't4']) {
    run(id, name);
    ends(id, name, 'fail');
    goOn(id);
  }
  expect(getSearch(store.db, id)?.phase).toBe('over');
  const { trialIds, message } = await act(id, { action: 'more', trials: 2 });
  expect([trialIds.length, message]).toEqual([2, 'e tries 2 more trials']);
  expect(rows(id).map(({ hparams }) => hparams)).toEqual(rows(whole).map(({ hparams }) => hparams));
  expect(getSearch(store.db, id)?.phase).toBe('active');
});

test('places are counted as people count them', () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 22, 111].map(ordinal)).toEqual([
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '22nd',
    '111th',
  ]);
});
