import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import type { Outcome } from '../../../../electron/contract/trials.ts';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import {
  deleteTrialRow,
  getTrialRow,
  insertTrial,
  updateMainMetric,
  updateTrial,
  type TrialRow,
} from '../../../../electron/store/trials.ts';
import { findTrials, type TrialQuestion } from '../../../../electron/trials/find/find-trials.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-find-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const ended = (kind: Outcome['kind'], endedAtMs: number): Partial<TrialRow> => ({
  state: 'done',
  startedAtMs: 100,
  endedAtMs,
  outcome: { kind, exitCode: 0, code: 'exit', message: '', remedy: null },
});

function add(over: Partial<TrialRow> = {}, command = 'true'): number {
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
    const plain = makeTrialRow({ experimentId });
    const id = insertTrial(tx.db, { ...plain, ...over, spec: { ...plain.spec, command } });
    const row = getTrialRow(tx.db, id) as TrialRow;
    updateTrial(tx.db, { ...row, ...over, id });
    if (over.metric !== undefined && over.metric !== null) updateMainMetric(tx.db, id, over.metric);
    return id;
  });
}

const ask = (over: Partial<TrialQuestion> = {}) =>
  findTrials(store.db, { archived: false, sort: 'line', limit: 100, ...over }, 10_000, ({ id }) => id);
const found = async (search: string): Promise<number[]> => (await ask({ search })).trials;

/** All pages, one after the other. */
async function pages(over: Partial<TrialQuestion>): Promise<number[][]> {
  const read: number[][] = [];
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<typeof ask>> = await ask({ ...over, ...(after === null ? {} : { after }) });
    read.push(page.trials);
    after = page.next;
    if (after === null) return read;
  }
}

it('finds by text, label, parameter, state, pool, number and date', async () => {
  const vit = add({ name: 'ViT Größe', labels: ['night'], hparams: { lr: 0.03, model: { depth: 18 } } });
  const net = add({ name: 'resnet', labels: ['Night', 'a b'], ...ended('failed', 5000) }, 'python train.py --lr 0.01');
  const old = add({ name: 'night shift', ...ended('completed', 2000), archived: true });
  expect(await found('größe')).toEqual([vit]);
  expect(await found('TRAIN')).toEqual([net]);
  expect(await found('label:night')).toEqual([vit, net]);
  expect(await found('label:nigh')).toEqual([]);
  expect(await found('label:"a b" night')).toEqual([net]);
  expect(await found('name:night')).toEqual([]);
  expect(await found('lr>0.005')).toEqual([vit, net]);
  expect(await found('lr=0.03 model.depth<20')).toEqual([vit]);
  expect(await found('state:failed')).toEqual([net]);
  expect(await found('state:queued,failed')).toEqual([vit, net]);
  expect(await found(`#${net}`)).toEqual([net]);
  expect(await found(`id:${vit}`)).toEqual([vit]);
  expect(await found('pool:elsewhere')).toEqual([]);
  expect(await ask({ search: 'since:5s night', archived: null }).catch((error: Error) => error.message)).toContain(
    'not a time',
  );
  expect((await ask({ search: 'name:night', archived: true })).trials).toEqual([old]);
  expect((await ask({ archived: null, sort: 'end' })).trials).toEqual([net, old, vit]);
});

it('a new name and new labels are found, old ones are not; a deleted trial is gone', async () => {
  const id = add({ name: 'before', labels: ['one'] });
  store.transact('rename', (tx) => {
    updateTrial(tx.db, { ...(getTrialRow(tx.db, id) as TrialRow), name: 'after', labels: ['two'] });
  });
  expect([await found('before'), await found('label:one')]).toEqual([[], []]);
  expect([await found('after'), await found('label:two')]).toEqual([[id], [id]]);
  store.transact('delete', (tx) => {
    deleteTrialRow(tx.db, id);
  });
  expect(await found('after')).toEqual([]);
});

it('sorts by what is asked, those without a value last whichever way', async () => {
  const metric = (best: number, last = best): TrialRow['metric'] => ({ name: 'loss', last, best });
  const a = add({ name: 'b', ...ended('completed', 3000), metric: metric(0.2, 0.9) });
  const b = add({ name: 'C', ...ended('completed', 9000), startedAtMs: 8000, metric: metric(0.1) });
  const c = add({ name: 'a' });
  const by = async (sort: TrialQuestion['sort'], order?: 'asc' | 'desc') => (await ask({ sort, order })).trials;
  expect(await by('name')).toEqual([c, a, b]);
  expect(await by('end')).toEqual([b, a, c]);
  expect(await by('end', 'asc')).toEqual([a, b, c]);
  expect(await by('start')).toEqual([b, a, c]);
  expect(await by('duration')).toEqual([a, b, c]);
  expect(await by('best', 'asc')).toEqual([b, a, c]);
  expect(await by('last')).toEqual([a, b, c]);
});

it('refuses what is not the end of a page', async () => {
  const { next } = await (add(), add(), ask({ limit: 1, sort: 'end' }));
  for (const after of ['', 'x', 'bnVsbA', next ?? ''])
    await expect(ask({ after })).rejects.toMatchObject({ code: 'invalid_request' });
});

test('pages together are everything once, in one order, though trials come and go in between', async () => {
  const sorts = fc.constantFrom('line', 'end', 'start', 'name', 'duration', 'last', 'best');
  const orders = fc.constantFrom('asc', 'desc', undefined);
  const kinds = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(
      kinds,
      sorts,
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      orders,
      async (trials, sort, limit, searches, order) => {
        store.db.exec('DELETE FROM trial');
        const ids = trials.map(([kind, value]) =>
          add({
            name: `n${value}`,
            priority: 40 + value,
            ...(kind === 0
              ? {}
              : kind === 1
                ? { state: 'running', startedAtMs: value }
                : ended('completed', 200 + value)),
            metric: kind === 3 ? { name: 'acc', last: value, best: value } : null,
          }),
        );
        const question = { sort, order, limit, ...(searches ? { search: 'n' } : {}) } as const;
        const read = (await pages(question)).flat();
        expect(read.toSorted((x, y) => x - y)).toEqual(ids);
        expect((await ask({ ...question, limit: 100 })).trials).toEqual(read);
        expect((await ask(question)).total).toBe(ids.length);
        // Found by looking at all of them or by an index: the same order.
        expect((await ask({ sort, order, search: 'n' })).trials).toEqual(read);
        const some = { ...question, search: 'name:n1' };
        expect((await pages(some)).flat()).toEqual((await ask({ ...some, limit: 100 })).trials);
        const first = await ask(question);
        if (first.next === null) return;
        const gone = first.trials.at(-1) ?? 0;
        store.db.prepare('DELETE FROM trial WHERE id = ?').run(gone);
        const rest = (await ask({ ...question, limit: 100, after: first.next })).trials;
        expect(rest).toEqual(read.slice(limit));
      },
    ),
    { numRuns: 120 },
  );
});

test('a page far down looks at no more trials than its own', async () => {
  for (let n = 0; n < 900; n++) add({ name: n % 2 === 0 ? 'same' : `n${n}`, ...ended('completed', 200 + (n % 300)) });
  const { db } = store;
  const explain = db.prepare.bind(db);
  let looked = 0;
  // Every row that a statement hands out is counted.
  db.prepare = ((sql: string) => {
    const statement = explain(sql);
    if (!statement.reader) return statement;
    const all = statement.all.bind(statement);
    statement.all = (...values: unknown[]) => {
      const rows = all(...values);
      looked += rows.length;
      return rows;
    };
    return statement;
  }) as typeof db.prepare;
  for (const sort of ['end', 'start', 'name', 'last', 'best'] as const) {
    for (const search of [undefined, 'e']) {
      let after = (await ask({ sort, search, limit: 100 })).next;
      for (let page = 0; page < 3; page++) {
        looked = 0;
        after = (await ask({ sort, search, limit: 100, after: after ?? '' })).next;
        expect(looked).toBeLessThan(900);
      }
    }
  }
});

test('what ended is listed alone, without a look at the line', async () => {
  const line = [add(), add()];
  const done = [add(ended('completed', 5000)), add(ended('failed', 7000))];
  expect(await ask({ state: 'done' })).toMatchObject({ trials: done.toReversed(), total: 2, next: null });
  expect((await ask()).trials).toEqual([...line, ...done.toReversed()]);
});
