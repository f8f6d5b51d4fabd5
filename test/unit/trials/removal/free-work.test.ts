import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Snapshots } from '../../../../electron/ports/snapshots.ts';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { listHistory } from '../../../../electron/store/events.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { getTrialRow, insertTrial, updateTrial, type TrialRow } from '../../../../electron/store/trials.ts';
import { hashText, noteWritten } from '../../../../electron/trials/files/written-parameters.ts';
import { createWorkFreer, type WorkFreer } from '../../../../electron/trials/removal/free-work.ts';
import { createRoom } from '../../../../electron/trials/removal/room.ts';
import { openSnapshots } from '../../../../native/snapshots/open-snapshots.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let trialsDir: string;
let store: Store;
let snapshots: Snapshots;
let freer: WorkFreer;
let snapshot: string;
let beforeAnswer: (id: number) => void;
let asked: string[];

beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-free-'));
  trialsDir = path.join(dir, 'data', 'trials');
  mkdirSync(trialsDir, { recursive: true });
  store = openStore(path.join(dir, 'data', 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  snapshots = openSnapshots({ snapshotsDir: path.join(dir, 'data', 'snapshots'), dataDir: path.join(dir, 'data') });
  const source = path.join(dir, 'source');
  mkdirSync(path.join(source, 'pkg'), { recursive: true });
  writeFileSync(path.join(source, 'train.py'), 'print(1)\n');
  writeFileSync(path.join(source, 'pkg', 'model.py'), 'x = 1\n');
  writeFileSync(path.join(source, '.gitignore'), 'runs/\n');
  symlinkSync('train.py', path.join(source, 'main.py'));
  const taken = await snapshots.take({ sourceDir: source, limitBytes: 1_000_000 });
  taken.release();
  snapshot = taken.id;
  beforeAnswer = () => undefined;
  asked = [];
  freer = createWorkFreer({
    store,
    trialsDir,
    beyond: async (id, work) => {
      const answer = await snapshots.beyond(id, work);
      asked.push(path.relative(trialsDir, work));
      beforeAnswer(Number(path.basename(path.dirname(work))));
      return answer;
    },
    onError: (text, error) => {
      throw new Error(text, { cause: error });
    },
  });
});
afterEach(async () => {
  await snapshots.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A trial with a working copy of its own. */
async function add(over: Partial<TrialRow> = {}, inPlace = false): Promise<{ id: number; work: string }> {
  const id = store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: inPlace ? path.join(dir, 'source') : null,
      snapshot: inPlace ? null : snapshot,
      snapshotInfo: null,
      inPlace,
      createdAtMs: 0,
    } as never);
    const newId = insertTrial(
      tx.db,
      makeTrialRow({ experimentId, ...(over.spec === undefined ? {} : { spec: over.spec }) }),
    );
    const ended = makeTrialRow({ id: newId, experimentId, state: 'done', attempt: 1, endedAtMs: 500, ...over });
    updateTrial(tx.db, ended);
    return newId;
  });
  const work = path.join(trialsDir, String(id), 'work');
  mkdirSync(path.dirname(work), { recursive: true });
  if (!inPlace) await snapshots.materialize(snapshot, work);
  return { id, work };
}

test('a link to the original is nothing of its own, and is not followed', async () => {
  const links = [{ hostPath: path.join(dir, 'source'), at: 'data', readOnly: true }];
  const { work } = await add({ spec: { ...makeTrialRow().spec, links } });
  symlinkSync(path.join(dir, 'source'), path.join(work, 'data'));
  expect(await freer.freeAll()).toMatchObject({ freedTrials: 1 });
  expect([existsSync(work), existsSync(path.join(dir, 'source', 'train.py'))]).toEqual([false, true]);
});

test('a copy that holds nothing but its snapshot goes, what Python compiled with it, and the history says so', async () => {
  const { id, work } = await add();
  mkdirSync(path.join(work, 'pkg', '__pycache__'));
  writeFileSync(path.join(work, 'pkg', '__pycache__', 'model.cpython-312.pyc'), 'compiled');
  mkdirSync(path.join(work, 'empty'));
  // What it lacks comes back with a new copy.
  rmSync(path.join(work, 'train.py'));
  const freed = await freer.freeAll();
  expect(freed).toMatchObject({ freedTrials: 1, kept: [], keptTrials: 0, unreadable: [] });
  expect(freed.freedBytes).toBeGreaterThan(0);
  expect([existsSync(work), existsSync(`${work}.freed`)]).toEqual([false, false]);
  expect(listHistory(store.db, id, 10).map(({ text }) => text)).toEqual([
    expect.stringMatching(/working copy was removed.*A retry makes it anew/),
  ]);
});

test('parameters as Switchyard wrote them are nothing of its own, until somebody changes them', async () => {
  const params = [{ file: 'pkg/params.json', set: ['+a=1'] }];
  const spec = { ...makeTrialRow().spec, params };
  const write = async (text: string): Promise<string> => {
    const { work } = await add({ spec });
    writeFileSync(path.join(work, 'pkg', 'params.json'), text);
    await noteWritten(work, { 'pkg/params.json': hashText('{"a":1}') });
    return work;
  };
  const [as, changed, more] = [await write('{"a":1}'), await write('{"a":2}'), await write('{"a":1}')];
  writeFileSync(path.join(more, 'result.json'), '{}');
  expect(await freer.freeAll()).toMatchObject({ freedTrials: 1, keptTrials: 2 });
  expect([as, changed, more].map((work) => existsSync(work))).toEqual([false, true, true]);
});

test.each<[string, (work: string) => void]>([
  ['a new file', (work) => writeFileSync(path.join(work, 'result.json'), '{}')],
  [
    'a new file that an ignore file names',
    (work) => {
      mkdirSync(path.join(work, 'runs'));
      writeFileSync(path.join(work, 'runs', 'events'), 'x');
    },
  ],
  ['a changed file of the same length', (work) => writeFileSync(path.join(work, 'train.py'), 'print(2)\n')],
  [
    'a file in place of a link',
    (work) => (rmSync(path.join(work, 'main.py')), writeFileSync(path.join(work, 'main.py'), 'x')),
  ],
  ['a file named like a cache beside none', (work) => writeFileSync(path.join(work, 'weights.pyc'), 'x')],
])('a copy with %s is kept and named', async (_what, change) => {
  const { id, work } = await add({ name: 'big' });
  change(work);
  const freed = await freer.freeAll();
  expect(freed).toMatchObject({ freedBytes: 0, freedTrials: 0, keptTrials: 1 });
  expect(freed.kept).toMatchObject([{ trialId: id, name: 'big', files: 1, examples: [expect.any(String)] }]);
  expect(freer.kept()).toMatchObject([{ trialId: id }]);
  expect(existsSync(path.join(work, 'pkg', 'model.py'))).toBe(true);
});

test('nobody else is touched: trials that have not ended, directories of the user, one that is retried meanwhile', async () => {
  const paused = await add({ state: 'paused', endedAtMs: null });
  const queued = await add({ state: 'queued', endedAtMs: null });
  const own = await add({}, true);
  mkdirSync(own.work);
  const retried = await add();
  beforeAnswer = (id) => {
    const row = getTrialRow(store.db, id);
    if (row !== null && id === retried.id)
      store.transact('retry', (tx) => {
        updateTrial(tx.db, { ...row, state: 'queued' });
      });
  };
  expect(await freer.freeAll()).toMatchObject({ freedTrials: 0 });
  expect([paused, queued, own, retried].map(({ work }) => existsSync(work))).toEqual([true, true, true, true]);
});

test('regular rounds take those that ended long enough ago, and look at those they kept once', async () => {
  const old = await add({ endedAtMs: 100 });
  const young = await add({ endedAtMs: 900 });
  const kept = await add({ endedAtMs: 100 });
  writeFileSync(path.join(kept.work, 'mine'), '');
  await freer.freeOld(800);
  await freer.freeOld(800);
  expect([old, young, kept].map(({ work }) => existsSync(work))).toEqual([false, true, true]);
  expect(asked.filter((work) => work.startsWith(`${kept.id}/`))).toHaveLength(1);
  // Asked for by a person, everything is looked at anew.
  rmSync(path.join(kept.work, 'mine'));
  expect(await freer.freeAll()).toMatchObject({ freedTrials: 2, keptTrials: 0 });
});

test('what a crash left half removed goes with the next round', async () => {
  const { work } = await add();
  mkdirSync(`${work}.freed/sub`, { recursive: true });
  await freer.freeAll();
  expect([existsSync(work), existsSync(`${work}.freed`)]).toEqual([false, false]);
});

test('what takes the room is told by kind and by trial', async () => {
  const { id, work } = await add({ name: 'fat' });
  writeFileSync(path.join(work, 'more'), Buffer.alloc(400_000, 1));
  for (const [name, bytes] of [
    ['checkpoints/step-1/model', 3_000_000],
    ['output/best', 2_000_000],
    ['attempts/1/log', 1_000_000],
  ] as const) {
    const file = path.join(trialsDir, String(id), name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, Buffer.alloc(bytes, 1));
  }
  const room = createRoom({
    store,
    dataDir: path.join(dir, 'data'),
    trialsDir,
    host: { disk: async () => ({ freeMiB: 10, totalMiB: 20 }) },
    nowMs: () => 7,
    freer,
    onError: () => undefined,
  });
  expect(room.sentence()).toBeNull();
  const use = await room.use();
  const mb = (kind: string): number => Math.round((use.kinds.find((one) => one.kind === kind)?.bytes ?? 0) / 1e5) / 10;
  expect([mb('work'), mb('checkpoints'), mb('outputs'), mb('logs')]).toEqual([0.4, 3, 2, 1]);
  expect(mb('database')).toBeGreaterThan(0);
  expect(use.usedBytes).toBe(use.kinds.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(use).toMatchObject({ measuredAtMs: 7, freeBytes: 10 * 1024 * 1024, endedWork: { trials: 1 } });
  expect(use.largest).toMatchObject([{ trialId: id, name: 'fat', state: 'done' }]);
  expect(room.sentence()).toMatch(/^Switchyard's own data takes .*: checkpoints 2\.9 MiB, outputs 1\.9 MiB/);
});
