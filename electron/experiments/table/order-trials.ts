/**
 * Which trials are in the table and in which order: filtered, sorted and grouped as asked. What comes of it is small (a number a trial), so
 * that windows into it can be read for as long as somebody scrolls, and no row moves meanwhile.
 */
import type { Database } from 'better-sqlite3';
import type { CellValue, TableQuestion } from '../../contract/table.ts';
import { takeTurns, type Pace } from '../../ports/turns.ts';
import { findColumn, metricField, readCells, type CellSource } from '../../store/cells.ts';
import { scanTable, type ScannedRow, type TableScan } from '../../store/scan-table.ts';
import { lastTrialId } from '../../store/scan-trials.ts';
import { parseSearch } from '../../text/search-query.ts';
import type { ColumnRef } from '../../text/table-columns.ts';
import { knownColumn } from './known-column.ts';
import { sortRows, toSortKeys, type SortKeys } from './sort-rows.ts';

export interface TrialGroup {
  /** The value its trials have, as text; "" = they have none. */
  readonly key: string;
  /** Where its trials begin in `ids`, and how many there are. */
  readonly start: number;
  readonly count: number;
}

export interface TrialOrder {
  readonly ids: Int32Array;
  /** null = they are not grouped. */
  readonly groups: readonly TrialGroup[] | null;
  readonly experiments: number;
}

const FIRST_STRETCH = 500;
const LEAST_STRETCH = 50;
const MOST_STRETCH = 20_000;

/** @throws SwitchyardError invalid_search, invalid_request for a column there cannot be */
export async function orderTrials(db: Database, question: TableQuestion, nowMs: number): Promise<TrialOrder> {
  const sort = question.sort.map(({ column, order }, at) => ({
    ref: knownColumn(column, `sort.${at}.column`),
    isDescending: order === 'desc',
  }));
  const group = question.group === null ? null : knownColumn(question.group, 'group');
  const query = parseSearch(question.search, nowMs);
  const pace = await takeTurns();
  const archived = question.archived === 'all' ? null : question.archived === 'true';
  const refs = [...sort.map(({ ref }) => ref), ...(group === null ? [] : [group])];
  const facts = refs.flatMap((ref) => (ref.kind === 'fact' ? [ref.fact] : []));
  const { ids, experiments, columns } = await readAll(db, scanTable(db, { query, archived, facts }, nowMs), refs, pace);
  const keys: SortKeys[] = [];
  for (const [at, { isDescending }] of sort.entries()) {
    await pace.step();
    keys.push(toSortKeys(columns[at] ?? [], isDescending));
  }
  const rows = await sortRows(ids.length, keys, pace);
  if (group === null) return { ids: rows.map((row) => ids[row] ?? 0), groups: null, experiments };
  await pace.step();
  return { ...gather(rows, ids, columns[refs.length - 1] ?? []), experiments };
}

interface AllRows {
  readonly ids: readonly number[];
  readonly experiments: number;
  /** The values of each column asked for, a row after the other. */
  readonly columns: readonly CellValue[][];
}

async function readAll(db: Database, scan: TableScan, refs: readonly ColumnRef[], pace: Pace): Promise<AllRows> {
  const ids: number[] = [];
  const experiments = new Set<number>();
  const columns = refs.map((): CellValue[] => []);
  const sources = refs.map((ref) => (ref.kind === 'fact' ? null : cellSource(db, ref)));
  let stretch = FIRST_STRETCH;
  const last = lastTrialId(db);
  for (let from = 1; from <= last;) {
    await pace.step();
    const to = Math.min(last, from + stretch - 1);
    const beganMs = performance.now();
    const rows = scan.read(from, to);
    for (const row of rows) {
      ids.push(row[0]);
      experiments.add(row[1]);
    }
    let fact = 2;
    refs.forEach((ref, at) => {
      const column = columns[at] ?? [];
      if (ref.kind === 'fact') {
        const field = fact++;
        for (const row of rows) column.push(row[field] ?? null);
      } else appendCells(column, rows, sources[at] ?? null, db, from, to);
    });
    const tookMs = performance.now() - beganMs;
    stretch = Math.round(
      Math.min(MOST_STRETCH, Math.max(LEAST_STRETCH, tookMs < 3 ? stretch * 1.5 : tookMs > 6 ? stretch / 2 : stretch)),
    );
    from = to + 1;
  }
  return { ids, experiments: experiments.size, columns };
}

function cellSource(db: Database, ref: Exclude<ColumnRef, { kind: 'fact' }>): CellSource | null {
  const columnId = findColumn(db, ref.kind, ref.name);
  if (columnId === null) return null;
  return { columnId, field: ref.kind === 'param' ? 'value' : metricField(ref.name, ref.part) };
}

/** Rows and cells both ascend by trial: one walk along both of them. */
function appendCells(
  column: CellValue[],
  rows: readonly ScannedRow[],
  source: CellSource | null,
  db: Database,
  from: number,
  to: number,
): void {
  const cells = source === null || rows.length === 0 ? [] : readCells(db, source, from, to);
  let at = 0;
  for (const row of rows) {
    while (at < cells.length && (cells[at]?.[0] ?? 0) < row[0]) at += 1;
    const cell = cells[at];
    column.push(cell?.[0] === row[0] ? cell[1] : null);
  }
}

/** Groups stand in the order of their first trials; those without a value last. */
function gather(
  rows: Int32Array,
  ids: readonly number[],
  values: readonly CellValue[],
): Pick<TrialOrder, 'ids' | 'groups'> {
  const members = new Map<CellValue, number[]>();
  for (const row of rows) {
    const value = values[row] ?? null;
    const known = members.get(value);
    if (known === undefined) members.set(value, [ids[row] ?? 0]);
    else known.push(ids[row] ?? 0);
  }
  const without = members.get(null);
  members.delete(null);
  if (without !== undefined) members.set(null, without);
  const ordered = new Int32Array(rows.length);
  const groups: TrialGroup[] = [];
  let start = 0;
  for (const [value, list] of members) {
    ordered.set(list, start);
    groups.push({ key: String(value ?? ''), start, count: list.length });
    start += list.length;
  }
  return { ids: ordered, groups };
}
