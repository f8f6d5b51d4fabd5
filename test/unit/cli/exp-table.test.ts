import { afterEach, describe, expect, it } from 'vitest';
import type { TableColumn } from '../../../electron/contract/table.ts';
import { pickColumns, readSortKeys } from '../../../electron/cli/exp-columns.ts';
import { cli, startFakeEngine, type FakeEngine, type SeenRequest } from './fake-engine.ts';

const column = (kind: TableColumn['kind'], name: string, varies = true, lowerIsBetter = false): TableColumn => ({
  kind,
  name,
  varies,
  lowerIsBetter,
});
const known = [
  column('param', 'lr'),
  column('param', 'seed', false),
  column('metric', 'val_loss', true, true),
  column('metric', 'acc'),
];

describe('columns by name', () => {
  it('what differs, unless it is named', () => {
    expect(pickColumns(known, null, false)).toEqual(['param:lr', 'best:val_loss', 'best:acc']);
    expect(pickColumns(known, null, true)).toContain('param:seed');
    expect(pickColumns(known, 'seed, acc.last,gpuHours', false)).toEqual(['param:seed', 'last:acc', 'gpuHours']);
  });
  it('sorts by what is better first, unless it is told', () => {
    expect(readSortKeys('val_loss,acc,lr:desc', known)).toEqual([
      { column: 'best:val_loss', order: 'asc' },
      { column: 'best:acc', order: 'desc' },
      { column: 'param:lr', order: 'desc' },
    ]);
  });
  it('names the near one', () => {
    expect(() => readSortKeys('val_los', known)).toThrow(expect.objectContaining({ remedy: 'Did you mean val_loss?' }));
  });
});

describe('exp', () => {
  let engine: FakeEngine | null = null;
  afterEach(() => engine?.close());
  const cells: Readonly<Record<number, readonly (number | string | null)[]>> = {
    12: [12, 'completed', 60_000, null, null, 0.1, 7, 0.5, 0.9],
    14: [14, 'completed', 60_000, null, null, 0.2, 7, 0.4, null],
  };
  const start = async (): Promise<FakeEngine> =>
    (engine = await startFakeEngine({
      'POST /table/columns': { json: { columns: known } },
      'POST /table': ({ body }: SeenRequest) => ({
        json: {
          order: 'o',
          total: 2,
          all: 2,
          experiments: 1,
          groups: null,
          length: 2,
          offset: 0,
          items: [12, 14].map((id) => ({
            kind: 'trial',
            trial: { id },
            cells:
              (body as { columns: string[] }).columns.length === 9
                ? cells[id]
                : [id, `run ${id}`, 'completed', 0.1, 0.5, 0.9],
          })),
        },
      }),
    }));

  it('table passes the question on and prints the table in the asked format', async () => {
    const { home, seen } = await start();
    const { out, exitCode } = await cli(home, [
      'exp',
      'table',
      '--search',
      'lr>0 or acc<1',
      '--sort',
      'val_loss',
      '--format',
      'csv',
    ]);
    expect(exitCode).toBe(0);
    expect(out.split(/\r?\n/)).toEqual([
      'trial,name,state,lr,val_loss,acc',
      '12,run 12,completed,0.1,0.5,0.9',
      '14,run 14,completed,0.1,0.5,0.9',
      '',
    ]);
    expect(seen.at(-1)?.body).toMatchObject({
      search: 'lr>0 or acc<1',
      sort: [{ column: 'best:val_loss', order: 'asc' }],
    });
  });
  it('compare shows what differs, and a trial that is not there is told', async () => {
    const { home } = await start();
    const { out } = await cli(home, ['exp', 'compare', '12', '14', '--json']);
    expect(JSON.parse(out)).toEqual({
      trials: [12, 14],
      values: { lr: { 12: 0.1, 14: 0.2 }, val_loss: { 12: 0.5, 14: 0.4 }, acc: { 12: 0.9, 14: null } },
    });
    const missing = await cli(home, ['exp', 'compare', '12', '15']);
    expect(missing.err).toContain('no trial #15');
    expect((await cli(home, ['exp', 'compare', '12'])).exitCode).not.toBe(0);
  });
});
