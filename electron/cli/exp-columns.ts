/** Which columns of the table the command line means by the names it is given. Pure. */
import type { CellValue, TableColumn, TableWindowInput } from '../contract/table.ts';
import { suggest } from '../text/nearest.ts';
import { FACT_COLUMNS, readColumnRef } from '../text/table-columns.ts';
import { sayDuration, sayTime } from '../text/say.ts';
import { usageError } from './exit-codes.ts';

/** At first; more are named. */
const FIRST_PARAMS = 12;
const FIRST_METRICS = 6;

export const columnOf = ({ kind, name }: Pick<TableColumn, 'kind' | 'name'>): string =>
  kind === 'param' ? `param:${name}` : `best:${name}`;

/**
 * @param word a fact, a parameter, a metric, or a metric with .last .best .min .max
 * @throws CliError with the nearest one there is
 */
function findColumn(word: string, known: readonly TableColumn[]): string {
  if (readColumnRef(word) !== null) return word;
  const whole = known.find(({ name }) => name === word);
  if (whole !== undefined) return columnOf(whole);
  const [, base = '', part = ''] = /^(.+)\.(last|best|min|max)$/.exec(word) ?? [];
  if (known.some(({ kind, name }) => kind === 'metric' && name === base)) return `${part}:${base}`;
  const near = suggest(word, [...known.map(({ name }) => name), ...FACT_COLUMNS]);
  throw usageError(
    `No trial that fits has ${JSON.stringify(word.slice(0, 80))}.`,
    near === null
      ? 'It takes names of parameters and metrics, and ' + FACT_COLUMNS.join(', ') + '.'
      : `Did you mean ${near}?`,
  );
}

/** @param named what was asked for, commas between; null = what tells most */
export function pickColumns(known: readonly TableColumn[], named: string | null, all: boolean): string[] {
  if (named !== null) return split(named).map((word) => findColumn(word, known));
  const params = known.filter(({ kind, varies }) => kind === 'param' && (all || varies));
  const metrics = known.filter(({ kind }) => kind === 'metric');
  return [...(all ? params : params.slice(0, FIRST_PARAMS)), ...(all ? metrics : metrics.slice(0, FIRST_METRICS))].map(
    columnOf,
  );
}

/** @param text "val_loss,lr:desc" */
export function readSortKeys(text: string, known: readonly TableColumn[]): NonNullable<TableWindowInput['sort']> {
  return split(text).map((word) => {
    const [, name = word, order] = /^(.+):(asc|desc)$/.exec(word) ?? [];
    const column = findColumn(name, known);
    const isHigher = column.startsWith('best:') && known.some((one) => columnOf(one) === column && !one.lowerIsBetter);
    return { column, order: order === 'asc' || order === 'desc' ? order : isHigher ? 'desc' : 'asc' };
  });
}

const split = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

const DIGITS = 6;

/** @param nowMs what "today" is */
export function cellWords(column: string, value: CellValue, nowMs: number): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (column === 'duration') return sayDuration(value);
  if (column === 'started' || column === 'ended' || column === 'submitted') return sayTime(value, nowMs);
  if (column === 'gpuHours') return value.toFixed(2);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(DIGITS)));
}
