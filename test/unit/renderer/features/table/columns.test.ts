import { describe, expect, it } from 'vitest';
import type { TableColumn, TableView } from '../../../../../electron/contract/table.ts';
import { cellText, nextSort, shownColumns } from '../../../../../renderer/features/table/columns.ts';

const view: TableView = {
  search: '',
  archived: 'false',
  sort: [],
  group: null,
  columns: null,
  pinned: [],
  onlyDiffering: true,
};
const column = (kind: TableColumn['kind'], name: string, varies = true): TableColumn => ({
  kind,
  name,
  varies,
  lowerIsBetter: false,
});
const available = [
  column('param', 'lr'),
  column('param', 'seed', false),
  ...Array.from({ length: 300 }, (_, at) => column('param', `p${at}`)),
  column('metric', 'loss'),
];
const ids = (over: Partial<TableView>): string[] => shownColumns({ ...view, ...over }, available).map(({ id }) => id);

describe('the columns', () => {
  it('are a few at first, without those that do not differ', () => {
    const shown = ids({});
    expect(shown.length).toBeLessThan(40);
    expect(shown.slice(0, 4)).toEqual(['state', 'started', 'duration', 'param:lr']);
    expect(shown).toContain('best:loss');
    expect(shown).not.toContain('param:seed');
    expect(ids({ onlyDiffering: false })).toContain('param:seed');
  });
  it('stand as they were chosen, pinned ones first; what nobody knows is left out', () => {
    expect(ids({ columns: ['best:loss', 'nothing', 'param:lr', 'code'], pinned: ['code'] })).toEqual([
      'code',
      'best:loss',
      'param:lr',
    ]);
  });
});

describe('a click on a heading', () => {
  it('sorts by what is better first, then the other way, then not', () => {
    const first = nextSort([], 'best:loss', true, false);
    const second = nextSort(first, 'best:loss', true, false);
    expect([first, second, nextSort(second, 'best:loss', true, false)]).toEqual([
      [{ column: 'best:loss', order: 'asc' }],
      [{ column: 'best:loss', order: 'desc' }],
      [],
    ]);
    expect(nextSort([], 'best:acc', false, false)).toEqual([{ column: 'best:acc', order: 'desc' }]);
  });
  it('with Shift adds a key behind the others, and turns it in its place', () => {
    const both = nextSort(nextSort([], 'param:lr', false, false), 'best:loss', true, true);
    expect(both.map((key) => key.column)).toEqual(['param:lr', 'best:loss']);
    expect(nextSort(both, 'param:lr', false, true)[0]).toEqual({ column: 'param:lr', order: 'desc' });
  });
});

it('cells read as people write them', () => {
  expect(cellText({ kind: 'param', name: 'lr' }, 0.0003, 0)).toBe('3e-4');
  expect(cellText({ kind: 'param', name: 'lr' }, 0.1 + 0.2, 0)).toBe('0.3');
  expect(cellText({ kind: 'metric', name: 'loss', part: 'best' }, null, 0)).toBe('–');
  expect(cellText({ kind: 'fact', fact: 'gpuHours' }, null, 0)).toBe('');
  expect(cellText({ kind: 'fact', fact: 'gpuHours' }, 1.234, 0)).toBe('1.23');
});
