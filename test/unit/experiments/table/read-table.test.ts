import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { TableQuestion, TableWindowBody, type TableWindowInput } from '../../../../electron/contract/table.ts';
import { listTableColumns } from '../../../../electron/experiments/table/list-columns.ts';
import { createExperimentTable, type ExperimentTable } from '../../../../electron/experiments/table/read-table.ts';
import { deleteTrialRow } from '../../../../electron/store/trials.ts';
import { openTableLab, type TableLab } from './lab.ts';

let lab: TableLab;
let table: ExperimentTable;
beforeEach(() => {
  lab = openTableLab();
  table = createExperimentTable({ db: lab.store.db, nowMs: () => 10_000, toTrial: (row) => row as never });
});
afterEach(() => lab.close());

const ask = (over: TableWindowInput = {}) => table.window(TableWindowBody.parse(over));
async function ids(over: TableWindowInput): Promise<(number | string)[]> {
  const { items } = await ask(over);
  return items.map((item) =>
    item.kind === 'trial' ? item.trial.id : item.kind === 'group' ? `${item.key} x${item.count}` : `gone ${item.id}`,
  );
}
const found = (search: string) => ids({ search });

describe('filters', () => {
  it('compare parameters and metrics, joined by and, or, not', async () => {
    const a = lab.add({ hparams: { lr: 0.03, model: { depth: 18 } } }, { val_loss: [0.9, 0.2, 0.4] });
    const b = lab.add({ hparams: { opt: 'Adam', amp: true }, labels: ['night'] }, { acc: [0.5, 0.8] }, 'x --lr 1e-3');
    const c = lab.add({ name: 'resnet', starred: true });
    expect(await found('lr>0.01 and val_loss<0.3')).toEqual([a]);
    expect(await found('val_loss.last<0.3')).toEqual([]);
    expect(await found('val_loss.max = 0.9')).toEqual([a]);
    expect(await found('acc>=0.8 or resnet')).toEqual([c, b]);
    expect(await found('not lr<1')).toEqual([c]);
    expect(await found('lr=0.001 opt=adam amp=true')).toEqual([b]);
    expect(await found('opt!=adam')).toEqual([]);
    expect(await found('opt>1')).toEqual([]);
    expect(await found('model.depth=18')).toEqual([a]);
    expect(await found('has:acc or is:starred')).toEqual([c, b]);
    expect(await found('(lr<1 or resnet) -label:night')).toEqual([c, a]);
    expect(await found('nothing=1')).toEqual([]);
    expect(await found('experiment:2')).toEqual([b]);
  });
  it('what has no value does not have it: not is everything else', async () => {
    const failed = lab.add({
      state: 'done',
      outcome: { kind: 'failed', exitCode: 1, code: 'exit', message: '', remedy: null },
    });
    const queued = lab.add();
    expect(await found('not state:failed')).toEqual([queued]);
    expect(await found('state:failed')).toEqual([failed]);
  });
  it('a parameter of the name goes before a metric of the same name', async () => {
    const a = lab.add({ hparams: { loss: 5 } }, { loss: [0.1] });
    const b = lab.add({}, { loss: [0.1] });
    expect(await found('loss<1')).toEqual([b]);
    expect(await found('loss=5')).toEqual([a]);
  });
  it('archived ones are asked for, or ask for themselves', async () => {
    const a = lab.add({ state: 'done', archived: true });
    const b = lab.add();
    expect(await found('')).toEqual([b]);
    expect(await ids({ archived: 'all' })).toEqual([b, a]);
    expect(await found('is:archived')).toEqual([a]);
    expect(await found('not is:archived')).toEqual([b]);
  });
});

test('filters and several sort keys give what looking at every trial gives', async () => {
  const value = fc.option(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b')), { nil: null });
  const trial = fc.record({ x: value, y: value, loss: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trial, { minLength: 1, maxLength: 30 }),
      fc.constantFrom('asc', 'desc'),
      fc.constantFrom('asc', 'desc'),
      fc.integer({ min: 0, max: 3 }),
      async (trials, first, second, limit) => {
        lab.close();
        lab = openTableLab();
        table = createExperimentTable({ db: lab.store.db, nowMs: () => 10_000, toTrial: (row) => row as never });
        const known = trials.map(({ x, y, loss }) => ({
          id: lab.add(
            { hparams: { ...(x === null ? {} : { x }), ...(y === null ? {} : { y }) } },
            loss.length === 0 ? {} : { loss },
          ),
          x,
          best: loss.length === 0 ? null : Math.min(...loss),
        }));
        const order = (a: number | string | null, b: number | string | null, way: string): number => {
          if (a === b) return 0;
          if (a === null || b === null) return a === null ? 1 : -1;
          const isLess = typeof a === typeof b ? a < b : typeof a === 'number';
          return isLess === (way === 'asc') ? -1 : 1;
        };
        const expected = known
          .filter(({ x, best }) => (typeof x === 'number' && x <= limit) || (best !== null && best > limit))
          .toSorted((a, b) => order(a.x, b.x, first) || order(a.best, b.best, second) || b.id - a.id);
        const sort = [
          { column: 'param:x', order: first },
          { column: 'best:loss', order: second },
        ] as TableWindowInput['sort'];
        expect(await ids({ search: `x<=${limit} or loss>${limit}`, sort })).toEqual(expected.map(({ id }) => id));
      },
    ),
    { numRuns: 10 },
  );
});

describe('a window', () => {
  it('carries the columns asked for, and keeps its order while values change and trials go', async () => {
    const a = lab.add({ hparams: { lr: 1 } }, { acc: [0.1] });
    const b = lab.add({ hparams: { lr: 2 } }, { acc: [0.2, 0.15] });
    const asked: TableWindowInput = {
      sort: [{ column: 'best:acc', order: 'desc' }],
      columns: ['param:lr', 'last:acc', 'id'],
    };
    const first = await ask(asked);
    expect(first.items.map((item) => (item.kind === 'trial' ? item.cells : null))).toEqual([
      [2, 0.15, b],
      [1, 0.1, a],
    ]);
    expect(first).toMatchObject({ total: 2, all: 2, experiments: 2, length: 2 });
    const c = lab.add({}, { acc: [0.9] });
    lab.store.transact('delete', (tx) => deleteTrialRow(tx.db, b));
    expect(await ids({ ...asked, order: first.order })).toEqual([`gone ${b}`, a]);
    expect(await ids({ ...asked, order: first.order, offset: 1 })).toEqual([a]);
    expect(await ids(asked)).toEqual([c, a]);
    expect(await ids({ ...asked, search: 'lr=1', order: first.order })).toEqual([a]);
    expect(lab.store.db.prepare('SELECT COUNT(*) FROM param_cell WHERE trial_id = ?').pluck().get(b)).toBe(0);
    expect(lab.store.db.prepare('SELECT COUNT(*) FROM metric_cell WHERE trial_id = ?').pluck().get(b)).toBe(0);
  });
  it('groups stand by their best trial, fold, and are read from any row on', async () => {
    const one = lab.experiment('one');
    const two = lab.experiment('two');
    const a = lab.add({ experimentId: one }, { acc: [0.1] });
    const b = lab.add({ experimentId: two }, { acc: [0.2] });
    const c = lab.add({ experimentId: one }, { acc: [0.3] });
    const asked: TableWindowInput = { sort: [{ column: 'best:acc', order: 'desc' }], group: 'experiment' };
    const rows = [`${one} x2`, c, a, `${two} x1`, b];
    expect(await ids(asked)).toEqual(rows);
    for (const offset of [0, 1, 2, 3, 4, 5])
      for (const limit of [1, 2, 5])
        expect(await ids({ ...asked, offset, limit })).toEqual(rows.slice(offset, offset + limit));
    expect(await ids({ ...asked, folded: [String(one)] })).toEqual([`${one} x2`, `${two} x1`, b]);
    expect((await ask(asked)).items[0]).toMatchObject({ label: 'one', folded: false });
    expect(await ids({ ...asked, group: 'param:none' })).toEqual([' x3', c, b, a]);
  });
  it.each(['parm:lr', 'durations', 'best:', 'worst:x'])('refuses the column %s', async (column) => {
    await expect(ask({ columns: [column] })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

test('columns differ or not among the trials that fit, not among all', async () => {
  lab.add({ hparams: { lr: 1, seed: 7, only: 1 }, labels: ['a'] }, { loss: [0.5] });
  lab.add({ hparams: { lr: 2, seed: 7 }, labels: ['b'] }, { loss: [0.5] });
  lab.add({ hparams: { lr: 2, seed: 8 }, labels: ['b'] });
  const columns = async (search: string) => {
    const { order } = await table.orderOf(TableQuestion.parse({ search }), null);
    return (await listTableColumns(lab.store.db, order.ids)).map(
      ({ name, varies }) => `${name}${varies ? ' varies' : ''}`,
    );
  };
  expect(await columns('')).toEqual(['lr varies', 'only', 'seed varies', 'loss']);
  expect(await columns('label:b')).toEqual(['lr', 'seed varies', 'loss']);
});
