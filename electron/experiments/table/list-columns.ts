/** Which parameters and metrics the trials of the table have, and which of them differ: judged by all that fit, not by those in sight. */
import type { Database } from 'better-sqlite3';
import type { TableColumn } from '../../contract/table.ts';
import { takeTurns, type Pace } from '../../ports/turns.ts';
import {
  listColumns,
  metricField,
  nextInColumn,
  readCells,
  type CellColumn,
  type CellSource,
} from '../../store/cells.ts';
import { isLowerBetter } from '../../text/main-metric.ts';

/** Cells looked at at once. */
const PIECE = 1_000;

/** @param ids the trials that fit */
export async function listTableColumns(db: Database, ids: Int32Array): Promise<TableColumn[]> {
  const fits = new Uint8Array(ids.reduce((most, id) => Math.max(most, id), 0) + 1);
  for (const id of ids) fits[id] = 1;
  const pace = await takeTurns();
  const columns: TableColumn[] = [];
  for (const column of listColumns(db)) {
    await pace.step();
    const values = await judge(db, column, fits, pace);
    if (values !== 'none')
      columns.push({
        kind: column.kind,
        name: column.name,
        varies: values === 'several',
        lowerIsBetter: column.kind === 'metric' && isLowerBetter(column.name),
      });
  }
  return columns;
}

/** How many values those that fit have there. Where they differ it is known soon; only what never does is read to its end. */
async function judge(
  db: Database,
  column: CellColumn,
  fits: Uint8Array,
  pace: Pace,
): Promise<'none' | 'one' | 'several'> {
  const source: CellSource = {
    columnId: column.id,
    field: column.kind === 'param' ? 'value' : metricField(column.name, 'best'),
  };
  let first: number | string | null = null;
  for (let after = 0; ;) {
    await pace.step();
    const from = nextInColumn(db, source, after);
    if (from === null) return first === null ? 'none' : 'one';
    after = from + PIECE - 1;
    for (const [id, value] of readCells(db, source, from, after)) {
      if (fits[id] !== 1) continue;
      if (first === null) first = value;
      else if (value !== first) return 'several';
    }
  }
}
