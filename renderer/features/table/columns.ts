/** Which columns the table shows, how wide they are and how their cells read. Pure. */
import type { CellValue, TableColumn, TableView } from '../../../electron/contract/table.ts';
import { sayDuration } from '../../../electron/text/say.ts';
import { columnHeading, FACT_COLUMNS, readColumnRef, type ColumnRef } from '../../../electron/text/table-columns.ts';
import { formatMetric, formatTime } from '../../ui/format.ts';

/** At first; more are chosen by hand. */
const FIRST_PARAMS = 16;
const FIRST_METRICS = 6;
const STANDING = ['state', 'started', 'duration'];
const TRAILING = ['code', 'gpuHours', 'labels'];
/** The trial's own column, always first and always in sight. */
export const TRIAL_PX = 250;

export interface ShownColumn {
  readonly id: string;
  readonly ref: ColumnRef;
  readonly heading: string;
  readonly widthPx: number;
  readonly isFigure: boolean;
  readonly isPinned: boolean;
}

export const TRIAL_COLUMN: ShownColumn = {
  id: 'id',
  ref: { kind: 'fact', fact: 'id' },
  heading: 'Trial',
  widthPx: TRIAL_PX,
  isFigure: false,
  isPinned: true,
};

export const columnId = ({ kind, name }: Pick<TableColumn, 'kind' | 'name'>): string =>
  kind === 'param' ? `param:${name}` : `best:${name}`;

/** Everything that can be chosen, facts first. The trial's own column is not: it is always there. */
export function choices(available: readonly TableColumn[]): readonly string[] {
  return [
    ...FACT_COLUMNS.filter((fact) => fact !== 'id' && fact !== 'name' && fact !== 'starred'),
    ...available.filter(({ kind }) => kind === 'param').map(columnId),
    ...available.filter(({ kind }) => kind === 'metric').flatMap(({ name }) => [`best:${name}`, `last:${name}`]),
  ];
}

/** @returns the columns from left to right, the pinned ones first */
export function shownColumns(view: TableView, available: readonly TableColumn[]): readonly ShownColumn[] {
  const alike = new Set(available.filter(({ kind, varies }) => kind === 'param' && !varies).map(columnId));
  const params = available.filter(({ kind }) => kind === 'param').map(columnId);
  const metrics = available.filter(({ kind }) => kind === 'metric').map(columnId);
  const wanted = view.columns ?? [
    ...STANDING,
    ...params.filter((id) => !(view.onlyDiffering && alike.has(id))).slice(0, FIRST_PARAMS),
    ...metrics.slice(0, FIRST_METRICS),
    ...TRAILING,
  ];
  const ids = wanted.filter((id) => !(view.onlyDiffering && alike.has(id)));
  const pinned = new Set(view.pinned);
  return [...ids.filter((id) => pinned.has(id)), ...ids.filter((id) => !pinned.has(id))].flatMap(
    (id) => describeColumn(id, pinned.has(id)) ?? [],
  );
}

const FACT_PX: Readonly<Record<string, number>> = {
  state: 128,
  started: 88,
  ended: 88,
  submitted: 88,
  duration: 84,
  labels: 150,
  code: 84,
  pool: 110,
};

/** @returns null = there is no such column: a saved view of another version may name one */
export function describeColumn(id: string, isPinned: boolean): ShownColumn | null {
  const ref = readColumnRef(id);
  if (ref === null) return null;
  const heading = columnHeading(ref);
  const isFigure = ref.kind !== 'fact' || !['state', 'labels', 'code', 'pool'].includes(ref.fact);
  const widthPx =
    (ref.kind === 'fact' ? FACT_PX[ref.fact] : undefined) ?? Math.min(190, Math.max(72, heading.length * 7 + 30));
  return { id, ref, heading, widthPx, isFigure, isPinned };
}

/** Above groups of columns: what they are. */
export function sectionOf({ ref }: ShownColumn): string {
  if (ref.kind === 'param') return 'Parameters';
  return ref.kind === 'metric' ? 'Metrics' : '';
}

/** @param nowMs what "today" is */
export function cellText(ref: ColumnRef, value: CellValue, nowMs: number): string {
  if (value === null) return ref.kind === 'fact' ? '' : '–';
  if (typeof value === 'string') return value;
  if (ref.kind === 'metric') return formatMetric(value);
  if (ref.kind === 'param') return paramText(value);
  switch (ref.fact) {
    case 'started':
    case 'ended':
    case 'submitted':
      return formatTime(value, nowMs);
    case 'duration':
      return sayDuration(value);
    case 'gpuHours':
      return value < 10 ? value.toFixed(2) : value.toFixed(1);
    default:
      return String(value);
  }
}

function paramText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return Number(value.toPrecision(4)).toExponential().replace('e-0', 'e-');
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** What a click on a heading makes of the sort keys; with `add` it is one more key, or the one that is there turned. */
export function nextSort(
  sort: TableView['sort'],
  column: string,
  lowerIsBetter: boolean,
  add: boolean,
): TableView['sort'] {
  const known = sort.find((key) => key.column === column);
  const first = lowerIsBetter || column === 'name' || column.startsWith('param:') ? 'asc' : 'desc';
  const second = first === 'asc' ? 'desc' : 'asc';
  const turned = known === undefined ? first : known.order === first ? second : null;
  if (!add) return turned === null ? [] : [{ column, order: turned }];
  if (known === undefined) return [...sort, { column, order: first }].slice(-5) as TableView['sort'];
  return sort.flatMap((key) => (key.column !== column ? [key] : turned === null ? [] : [{ column, order: turned }]));
}
