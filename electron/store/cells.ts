/**
 * The cells of the experiments table, a column after the other: what each trial has of a parameter, and the last, lowest and highest
 * value of each of its metrics. So a hundred thousand trials are filtered or sorted by one of hundreds of columns without reading the
 * others.
 *
 * Parameters of a trial never change: they are written with its row. Metrics follow its reports, in the same transaction.
 */
import type { Database } from 'better-sqlite3';
import { flatParams, type CellValue } from '../text/flat-params.ts';
import { isLowerBetter } from '../text/main-metric.ts';
import { prepared } from './database.ts';
import { listMetricNames, type MetricPoint } from './reports.ts';

export type ColumnKind = 'param' | 'metric';

/** @returns the number of a column, null = no trial ever had it */
export function findColumn(db: Database, kind: ColumnKind, name: string): number | null {
  return (
    (prepared(db, 'SELECT id FROM cell_column WHERE kind = ? AND name = ?').pluck().get(kind, name) as
      number | undefined) ?? null
  );
}

function columnFor(db: Database, kind: ColumnKind, name: string): number {
  return (
    findColumn(db, kind, name) ??
    Number(prepared(db, 'INSERT INTO cell_column (kind, name) VALUES (?, ?)').run(kind, name).lastInsertRowid)
  );
}

/** @param trial whose row was just written */
export function insertParamCells(
  db: Database,
  trial: { readonly id: number; readonly command: string; readonly hparams: Readonly<Record<string, unknown>> },
): void {
  for (const [name, value] of flatParams(trial.command, trial.hparams))
    prepared(db, 'INSERT INTO param_cell (column_id, trial_id, value) VALUES (?, ?, ?)').run(
      columnFor(db, 'param', name),
      trial.id,
      value,
    );
}

/** To be called with points that were written, in the same transaction; the order of the points does not matter. */
export function followMetricCells(db: Database, trialId: number, points: readonly MetricPoint[]): void {
  const byName = new Map<string, { last: number; lastStep: number; lowest: number; highest: number }>();
  for (const { name, step, value } of points) {
    const cell = byName.get(name);
    if (cell === undefined) byName.set(name, { last: value, lastStep: step, lowest: value, highest: value });
    else {
      if (step >= cell.lastStep) Object.assign(cell, { last: value, lastStep: step });
      cell.lowest = Math.min(cell.lowest, value);
      cell.highest = Math.max(cell.highest, value);
    }
  }
  for (const [name, { last, lastStep, lowest, highest }] of byName)
    prepared(
      db,
      `INSERT INTO metric_cell (column_id, trial_id, last, last_step, lowest, highest) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (column_id, trial_id) DO UPDATE SET
        last = CASE WHEN excluded.last_step >= last_step THEN excluded.last ELSE last END,
        last_step = MAX(last_step, excluded.last_step),
        lowest = MIN(lowest, excluded.lowest), highest = MAX(highest, excluded.highest)`,
    ).run(columnFor(db, 'metric', name), trialId, last, lastStep, lowest, highest);
}

/** Call it before the row goes. */
export function deleteCells(db: Database, trialId: number): void {
  const row = prepared(db, `SELECT json_extract(spec, '$.command') AS command, hparams FROM trial WHERE id = ?`).get(
    trialId,
  ) as { command: string | null; hparams: string } | undefined;
  if (row === undefined) return;
  const params = flatParams(row.command ?? '', JSON.parse(row.hparams) as Record<string, unknown>);
  for (const name of params.keys())
    prepared(db, 'DELETE FROM param_cell WHERE column_id = ? AND trial_id = ?').run(
      findColumn(db, 'param', name),
      trialId,
    );
  for (const name of listMetricNames(db, trialId))
    prepared(db, 'DELETE FROM metric_cell WHERE column_id = ? AND trial_id = ?').run(
      findColumn(db, 'metric', name),
      trialId,
    );
}

/** Which number of a metric a cell shows; `best` is the lowest of a loss or an error, else the highest. */
export type MetricPart = 'best' | 'last' | 'min' | 'max';

const PART_FIELDS = { last: 'last', min: 'lowest', max: 'highest' } as const;

/** @returns the field of metric_cell that holds it */
export function metricField(name: string, part: MetricPart): 'last' | 'lowest' | 'highest' {
  return part === 'best' ? (isLowerBetter(name) ? 'lowest' : 'highest') : PART_FIELDS[part];
}

export interface CellColumn {
  readonly id: number;
  readonly kind: ColumnKind;
  readonly name: string;
}

/** All columns that any trial ever had, parameters first. */
export function listColumns(db: Database): CellColumn[] {
  return prepared(db, `SELECT id, kind, name FROM cell_column ORDER BY kind DESC, name`).all() as CellColumn[];
}

export function readParamCell(db: Database, columnId: number, trialId: number): CellValue | null {
  return (
    (prepared(db, 'SELECT value FROM param_cell WHERE column_id = ? AND trial_id = ?')
      .pluck()
      .get(columnId, trialId) as CellValue | undefined) ?? null
  );
}

export function readMetricCell(
  db: Database,
  columnId: number,
  trialId: number,
): { readonly last: number; readonly lowest: number; readonly highest: number } | null {
  return (
    (prepared(db, 'SELECT last, lowest, highest FROM metric_cell WHERE column_id = ? AND trial_id = ?').get(
      columnId,
      trialId,
    ) as { last: number; lowest: number; highest: number } | undefined) ?? null
  );
}

/** A column as it is read: a parameter, or one number of a metric. */
export interface CellSource {
  readonly columnId: number;
  readonly field: 'value' | 'last' | 'lowest' | 'highest';
}

/** @returns [trial, value] of the trials from..to that have one, ascending */
export function readCells(
  db: Database,
  { columnId, field }: CellSource,
  from: number,
  to: number,
): readonly (readonly [number, CellValue])[] {
  const table = field === 'value' ? 'param_cell' : 'metric_cell';
  return prepared(
    db,
    `SELECT trial_id, ${field} FROM ${table} WHERE column_id = ? AND trial_id BETWEEN ? AND ? ORDER BY trial_id`,
  )
    .raw()
    .all(columnId, from, to) as [number, CellValue][];
}

/** @returns the smallest trial behind `after` that has a cell there; null = none */
export function nextInColumn(db: Database, { columnId, field }: CellSource, after: number): number | null {
  const table = field === 'value' ? 'param_cell' : 'metric_cell';
  return (
    (prepared(db, `SELECT trial_id FROM ${table} WHERE column_id = ? AND trial_id > ? ORDER BY trial_id LIMIT 1`)
      .pluck()
      .get(columnId, after) as number | undefined) ?? null
  );
}
