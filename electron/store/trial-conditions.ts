/** A search as conditions of SQL on `trial` and, where it looks at texts, on `trial_text` beside it. */
import type { Database } from 'better-sqlite3';
import { isNumber } from '../text/is-number.ts';
import { STATE_WORDS, type SearchQuery, type SearchTerm, type ValueTerm } from '../text/search-query.ts';
import type { TrialState } from '../contract/states.ts';
import { findColumn, metricField, type MetricPart } from './cells.ts';
import { PART_END } from './search-text.ts';

/** Notes a value. @returns what stands for it in the statement */
export type Bind = (value: string | number) => string;

export interface Binds {
  readonly bind: Bind;
  readonly values: Readonly<Record<string, string | number>>;
}

export function createBinds(): Binds {
  const values: Record<string, string | number> = {};
  return {
    values,
    bind(value) {
      const name = `v${Object.keys(values).length}`;
      values[name] = value;
      return `@${name}`;
    },
  };
}

/** @returns whether the conditions look at trial_text */
export function readsText(query: SearchQuery): boolean {
  if (query.kind === 'all' || query.kind === 'any') return query.of.some(readsText);
  if (query.kind === 'not') return readsText(query.of);
  return query.kind === 'word' || query.kind === 'name' || query.kind === 'label';
}

/** @returns whether it says itself which of the archived ones it wants */
export function asksForArchived(query: SearchQuery): boolean {
  if (query.kind === 'all' || query.kind === 'any') return query.of.some(asksForArchived);
  if (query.kind === 'not') return asksForArchived(query.of);
  return query.kind === 'is' && query.what === 'archived';
}

/** @returns conditions that must all be true: those that look at texts alone first */
export function conditionsOf(db: Database, query: SearchQuery, bind: Bind): string[] {
  const parts = query.kind === 'all' ? query.of : [query];
  return parts
    .toSorted((a, b) => Number(readsText(b)) - Number(readsText(a)))
    .map((part) => conditionOf(db, part, bind));
}

function conditionOf(db: Database, query: SearchQuery, bind: Bind): string {
  switch (query.kind) {
    case 'all':
    case 'any':
      if (query.of.length === 0) return '1';
      return `(${query.of.map((part) => conditionOf(db, part, bind)).join(query.kind === 'all' ? ' AND ' : ' OR ')})`;
    case 'not':
      // What has no such value does not have it.
      return `NOT COALESCE(${conditionOf(db, query.of, bind)}, 0)`;
    default:
      return termOf(db, query, bind);
  }
}

const isState = (word: string): boolean => STATE_WORDS.indexOf(word as TrialState) < STATE_WORDS.indexOf('completed');
const MOMENT = 'COALESCE(trial.ended_at_ms, trial.submitted_at_ms)';

function termOf(db: Database, term: SearchTerm, bind: Bind): string {
  switch (term.kind) {
    case 'word': {
      const number = /^#?(\d{1,15})$/.exec(term.text)?.[1];
      const isIn = `instr(trial_text.text, ${bind(term.text)}) > 0`;
      return number === undefined ? isIn : `(${isIn} OR trial_text.trial_id = ${bind(Number(number))})`;
    }
    case 'name':
      return `instr(substr(trial_text.text, 1, instr(trial_text.text, '${PART_END}') - 1), ${bind(term.text)}) > 0`;
    case 'label':
      return `instr(trial_text.text, ${bind(`${PART_END}${term.text}${PART_END}`)}) > 0`;
    case 'pool':
      return `trial.pool_id = ${bind(term.text)}`;
    case 'id':
      return `trial.id = ${bind(term.id)}`;
    case 'experiment':
      return `trial.experiment_id = ${bind(term.id)}`;
    case 'is':
      return term.what === 'starred' ? 'trial.starred = 1' : 'trial.archived = 1';
    case 'state':
      return `(${term.states.map((word) => `${isState(word) ? 'trial.state' : 'trial.outcome_kind'} = ${bind(word)}`).join(' OR ')})`;
    case 'since':
      return `${MOMENT} >= ${bind(term.atMs)}`;
    case 'before':
      return `${MOMENT} < ${bind(term.atMs)}`;
    case 'has': {
      const { param, metric } = cellsNamed(db, term.text);
      return `(${[param, metric?.exists ?? null].filter((part) => part !== null).join(' OR ') || '0'})`;
    }
    case 'value':
      return valueOf(db, term, bind);
  }
}

function cellsNamed(
  db: Database,
  name: string,
): { readonly param: string | null; readonly metric: { readonly exists: string; readonly field: string } | null } {
  const columnId = findColumn(db, 'param', name);
  const param =
    columnId === null
      ? null
      : `EXISTS (SELECT 1 FROM param_cell WHERE column_id = ${columnId} AND trial_id = trial.id)`;
  const metric = metricNamed(db, name);
  if (metric === null) return { param, metric: null };
  const exists = `EXISTS (SELECT 1 FROM metric_cell WHERE column_id = ${metric.columnId} AND trial_id = trial.id)`;
  return { param, metric: { exists, field: metric.field } };
}

/** By its whole name first; else `.last`, `.best`, `.min` or `.max` says which number of it. */
function metricNamed(db: Database, name: string): { readonly columnId: number; readonly field: string } | null {
  const whole = findColumn(db, 'metric', name);
  if (whole !== null) return { columnId: whole, field: metricField(name, 'best') };
  const [, base = '', part] = /^(.+)\.(last|best|min|max)$/.exec(name) ?? [];
  if (part === undefined) return null;
  const columnId = findColumn(db, 'metric', base);
  return columnId === null ? null : { columnId, field: metricField(base, part as MetricPart) };
}

/** A parameter of that name counts; only what has none is asked for its metric. */
function valueOf(db: Database, { name, comparison, value }: ValueTerm, bind: Bind): string {
  const compare = (field: string): string => {
    const operator = comparison === '!=' ? '<>' : comparison;
    if (!isNumber(value)) return `${field} ${operator} ${bind(value)} COLLATE NOCASE`;
    const isOrder = comparison !== '=' && comparison !== '!=';
    return `${isOrder ? `typeof(${field}) <> 'text' AND ` : ''}${field} ${operator} ${bind(Number(value))}`;
  };
  const paramId = findColumn(db, 'param', name);
  const metric = metricNamed(db, name);
  const param =
    paramId === null
      ? null
      : `EXISTS (SELECT 1 FROM param_cell WHERE column_id = ${paramId} AND trial_id = trial.id AND ${compare('value')})`;
  if (metric === null) return param ?? '0';
  const measured = `EXISTS (SELECT 1 FROM metric_cell WHERE column_id = ${metric.columnId} AND trial_id = trial.id
    AND ${compare(metric.field)})`;
  if (param === null) return measured;
  return `(${param} OR (NOT EXISTS (SELECT 1 FROM param_cell WHERE column_id = ${paramId} AND trial_id = trial.id) AND ${measured}))`;
}
