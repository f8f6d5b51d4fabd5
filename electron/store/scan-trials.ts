/** Reads trials by what they are found by, a stretch of ids at a time: narrow texts first, the wide rows only of those that fit so far. */
import type { Database } from 'better-sqlite3';
import type { SearchQuery } from '../text/search-query.ts';
import type { TrialSort } from '../contract/paging.ts';
import type { TrialState } from '../contract/states.ts';
import { prepared } from './database.ts';
import { PART_END } from './search-text.ts';
import { asksForArchived, conditionsOf, createBinds } from './trial-conditions.ts';
import { LIST_FIELDS } from './trials.ts';

/** What is asked besides the words of the search. */
export interface TrialFilter {
  readonly state?: TrialState | undefined;
  readonly outcome?: string | undefined;
  readonly poolId?: string | undefined;
  readonly label?: string | undefined;
  readonly archived: boolean | null;
}

/** Values of the fields by which found trials are sorted; null = it has none. */
export type SortKeys = readonly (number | string | null)[];

export interface FoundTrial {
  readonly id: number;
  readonly keys: SortKeys;
}

/** In lower case; an index holds it (migration 16). */
export const NAME_FIELD = `substr(text, 1, instr(text, '${PART_END}') - 1)`;

const SORT_FIELDS: Readonly<Record<TrialSort, readonly string[]>> = {
  line: LIST_FIELDS,
  end: ['ended_at_ms'],
  start: ['started_at_ms'],
  duration: ['CASE WHEN started_at_ms IS NULL THEN NULL ELSE COALESCE(ended_at_ms, @nowMs) - started_at_ms END'],
  name: [NAME_FIELD],
  last: ['metric_last'],
  best: ['metric_best'],
};

export interface TrialScan {
  /** @returns those of the ids in from..to that fit, in no order */
  read(from: number, to: number): FoundTrial[];
  /** @returns those of these ids that fit, in their order */
  pick(ids: readonly number[]): FoundTrial[];
}

/** @param nowMs until when trials that still run have run */
export function scanTrials(
  db: Database,
  filter: TrialFilter,
  query: SearchQuery,
  sort: TrialSort,
  nowMs: number,
): TrialScan {
  const { bind, values } = createBinds();
  const conditions: string[] = [];
  if (filter.label !== undefined)
    conditions.push(`instr(text, ${bind(`${PART_END}${filter.label.toLowerCase()}${PART_END}`)}) > 0`);
  conditions.push(...conditionsOf(db, query, bind));
  if (filter.poolId !== undefined) conditions.push(`pool_id = ${bind(filter.poolId)}`);
  if (filter.state !== undefined) conditions.push(`state = ${bind(filter.state)}`);
  if (filter.outcome !== undefined) conditions.push(`outcome_kind = ${bind(filter.outcome)}`);
  if (filter.archived !== null && !asksForArchived(query)) conditions.push(`archived = ${filter.archived ? '1' : '0'}`);

  const fields = SORT_FIELDS[sort];
  // CROSS JOIN: in this order. What the narrow table decides needs no look at the row.
  const sql = `SELECT ${['trial.id', ...fields].join(', ')} FROM trial_text CROSS JOIN trial ON trial.id = trial_text.trial_id
    WHERE`;
  const also = conditions.map((one) => `AND ${one}`).join(' ');
  const named = sql.includes('@nowMs') ? { ...values, nowMs } : values;
  // Not kept: searches are worded in more ways than statements should be remembered.
  const where = (place: string): ((at: Readonly<Record<string, string | number>>) => FoundTrial[]) => {
    const statement = db
      .prepare<[Record<string, string | number>], (number | string | null)[]>(`${sql} ${place} ${also}`)
      .raw();
    return (at) => statement.all({ ...named, ...at }).map((row) => ({ id: row[0] as number, keys: row.slice(1) }));
  };
  const between = where('trial_text.trial_id BETWEEN @from AND @to');
  const among = where('trial_text.trial_id IN (SELECT value FROM json_each(@ids))');
  return {
    read: (from, to) => between({ from, to }),
    pick(ids) {
      const fits = new Map(among({ ids: JSON.stringify(ids) }).map((found) => [found.id, found]));
      return ids.flatMap((id) => fits.get(id) ?? []);
    },
  };
}

/** The largest id there is; 0 when there is none. */
export function lastTrialId(db: Database): number {
  return (prepared(db, 'SELECT MAX(id) FROM trial').pluck().get() as number | null) ?? 0;
}
