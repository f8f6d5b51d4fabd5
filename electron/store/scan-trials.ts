/** Reads trials by what they are found by, a stretch of ids at a time: narrow texts first, the wide rows only of those that fit so far. */
import type { Database } from 'better-sqlite3';
import { STATE_WORDS, type SearchQuery } from '../text/search-query.ts';
import type { TrialSort } from '../contract/paging.ts';
import type { TrialState } from '../contract/states.ts';
import { prepared } from './database.ts';
import { PART_END } from './search-text.ts';
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
  /** Read only where the search asks for parameters: what the command and the configuration say. */
  readonly params: { readonly command: string; readonly hparams: string } | null;
}

const SORT_FIELDS: Readonly<Record<TrialSort, readonly string[]>> = {
  line: LIST_FIELDS,
  end: ['ended_at_ms'],
  start: ['started_at_ms'],
  duration: ['CASE WHEN started_at_ms IS NULL THEN NULL ELSE COALESCE(ended_at_ms, @nowMs) - started_at_ms END'],
  name: [`substr(text, 1, instr(text, '${PART_END}') - 1)`],
  last: ['metric_last'],
  best: ['metric_best'],
};

const isState = (word: string): boolean => STATE_WORDS.indexOf(word as TrialState) < STATE_WORDS.indexOf('completed');

export interface TrialScan {
  /** @returns those of the ids in from..to that fit, in no order; parameters are not looked at yet */
  read(from: number, to: number): FoundTrial[];
}

/** @param nowMs until when trials that still run have run */
export function scanTrials(
  db: Database,
  filter: TrialFilter,
  query: SearchQuery,
  sort: TrialSort,
  nowMs: number,
): TrialScan {
  const texts: string[] = [];
  const rows: string[] = [];
  const values: Record<string, string | number> = {};
  const bind = (value: string | number): string => {
    const name = `v${Object.keys(values).length}`;
    values[name] = value;
    return `@${name}`;
  };

  for (const word of query.words) {
    const number = /^#?(\d{1,15})$/.exec(word)?.[1];
    const isIn = `instr(text, ${bind(word)}) > 0`;
    texts.push(number === undefined ? isIn : `(${isIn} OR trial_text.trial_id = ${bind(Number(number))})`);
  }
  for (const name of query.names)
    texts.push(`instr(substr(text, 1, instr(text, '${PART_END}') - 1), ${bind(name)}) > 0`);
  for (const label of [...query.labels, ...(filter.label === undefined ? [] : [filter.label.toLowerCase()])])
    texts.push(`instr(text, ${bind(`${PART_END}${label}${PART_END}`)}) > 0`);
  for (const id of query.ids) texts.push(`trial_text.trial_id = ${bind(id)}`);

  for (const pool of [...query.pools, ...(filter.poolId === undefined ? [] : [filter.poolId])])
    rows.push(`pool_id = ${bind(pool)}`);
  if (filter.state !== undefined) rows.push(`state = ${bind(filter.state)}`);
  if (filter.outcome !== undefined) rows.push(`json_extract(outcome, '$.kind') = ${bind(filter.outcome)}`);
  for (const words of query.states)
    rows.push(
      `(${words.map((word) => (isState(word) ? `state = ${bind(word)}` : `json_extract(outcome, '$.kind') = ${bind(word)}`)).join(' OR ')})`,
    );
  if (query.sinceMs !== null) rows.push(`COALESCE(ended_at_ms, submitted_at_ms) >= ${bind(query.sinceMs)}`);
  if (query.beforeMs !== null) rows.push(`COALESCE(ended_at_ms, submitted_at_ms) < ${bind(query.beforeMs)}`);
  if (filter.archived !== null) rows.push(`archived = ${filter.archived ? '1' : '0'}`);
  // Its last part: of model.lr the configuration may hold lr within model.
  for (const { name } of query.params)
    rows.push(
      `(instr(hparams, ${bind(name.split('.').at(-1) ?? name)}) > 0 OR instr(text, ${bind(name.toLowerCase())}) > 0)`,
    );

  const fields = SORT_FIELDS[sort];
  const columns = [
    'trial.id',
    ...fields,
    ...(query.params.length === 0 ? [] : [`json_extract(spec, '$.command')`, 'hparams']),
  ];
  // CROSS JOIN: in this order. What the narrow table decides needs no look at the row.
  const sql = `SELECT ${columns.join(', ')} FROM trial_text CROSS JOIN trial ON trial.id = trial_text.trial_id
    WHERE trial_text.trial_id BETWEEN @from AND @to ${[...texts, ...rows].map((one) => `AND ${one}`).join(' ')}`;
  // Not kept: searches are worded in more ways than statements should be remembered.
  const statement = db.prepare<[Record<string, string | number>], (number | string | null)[]>(sql).raw();
  const named = sql.includes('@nowMs') ? { ...values, nowMs } : values;
  return {
    read: (from, to) =>
      statement.all({ ...named, from, to }).map((row) => ({
        id: row[0] as number,
        keys: row.slice(1, 1 + fields.length),
        params:
          query.params.length === 0 ? null : { command: String(row.at(-2) ?? ''), hparams: String(row.at(-1) ?? '{}') },
      })),
  };
}

/** The largest id there is; 0 when there is none. */
export function lastTrialId(db: Database): number {
  return (prepared(db, 'SELECT MAX(id) FROM trial').pluck().get() as number | null) ?? 0;
}
