/**
 * Goes through all trials in the order of a sort, from a place on, by an index (migrations 9 and 16): a page far down costs what the
 * first one does. What of them is asked for is another question (scan-trials).
 *
 * First those that have a value, then those without one by their number. Trials with the same value stand by their number too, and are
 * gone through apart: an index is entered at a value and a number, not behind a pair of both.
 */
import type { Database } from 'better-sqlite3';
import type { TrialSort } from '../contract/paging.ts';
import { prepared } from './database.ts';
import { lastTrialId, NAME_FIELD, type SortKeys } from './scan-trials.ts';
import { LIST_FIELDS } from './trials.ts';

/** Where a walk goes on: behind this trial. */
export interface WalkPlace {
  readonly keys: SortKeys;
  readonly id: number;
}

export interface TrialWalk {
  /**
   * @param count about how many; of those without a value fewer may be found among as many numbers
   * @returns the next ids in the order of the sort; null = that was the last
   */
  next(count: number): readonly number[] | null;
}

interface Source {
  readonly table: 'trial' | 'trial_text';
  readonly id: 'id' | 'trial_id';
  readonly key: string;
}

const ofTrial = (key: string): Source => ({ table: 'trial', id: 'id', key });
/** How long a trial that runs has run changes with every question: no index has it. */
const SOURCES: Readonly<Record<Exclude<TrialSort, 'line' | 'duration'>, Source>> = {
  end: ofTrial('ended_at_ms'),
  start: ofTrial('started_at_ms'),
  last: ofTrial('metric_last'),
  best: ofTrial('metric_best'),
  name: { table: 'trial_text', id: 'trial_id', key: NAME_FIELD },
};

/**
 * @param after null = from the beginning
 * @returns null for a sort that no index has
 */
export function walkTrials(
  db: Database,
  sort: TrialSort,
  isDescending: boolean,
  after: WalkPlace | null,
): TrialWalk | null {
  if (sort === 'duration') return null;
  return sort === 'line' ? walkLine(db, after) : walkValues(db, SOURCES[sort], isDescending, after);
}

function walkLine(db: Database, after: WalkPlace | null): TrialWalk {
  const order = LIST_FIELDS.join(', ');
  let place: readonly (number | string | null)[] = after?.keys ?? [-1, Number.NEGATIVE_INFINITY, 0, '', 0];
  return {
    next(count) {
      const rows = prepared(
        db,
        `SELECT ${order} FROM trial WHERE (${order}) > (?, ?, ?, ?, ?) ORDER BY ${order} LIMIT ?`,
      )
        .raw()
        .all(...place, count) as (number | string)[][];
      place = rows.at(-1) ?? place;
      return rows.length === 0 ? null : rows.map((row) => Number(row.at(-1)));
    },
  };
}

function walkValues(
  db: Database,
  { table, id, key }: Source,
  isDescending: boolean,
  after: WalkPlace | null,
): TrialWalk {
  const [beyond, way] = isDescending ? ['<', 'DESC'] : ['>', 'ASC'];
  const select = `SELECT ${id}, ${key} FROM ${table} WHERE`;
  const order = `ORDER BY ${key} ${way}, ${id} ${way} LIMIT @count`;
  const read = (where: string, values: Record<string, unknown>): [number, number | string][] =>
    prepared(db, `${select} ${where}`).raw().all(values) as [number, number | string][];
  const lastId = lastTrialId(db);
  const firstId = isDescending ? lastId + 1 : 0;
  let value = after?.keys[0];
  let lastSeen = after?.id ?? firstId;

  function nextWithValue(count: number): readonly number[] {
    const rows: [number, number | string][] = [];
    if (value === undefined) rows.push(...read(`${key} IS NOT NULL ${order}`, { count }));
    else {
      rows.push(
        ...read(`${key} = @value AND ${id} ${beyond} @lastSeen ORDER BY ${id} ${way} LIMIT @count`, {
          value,
          lastSeen,
          count,
        }),
      );
      if (rows.length < count)
        rows.push(...read(`${key} ${beyond} @value ${order}`, { value, count: count - rows.length }));
    }
    const last = rows.at(-1);
    if (last !== undefined) [lastSeen, value] = last;
    return rows.map(([each]) => each);
  }

  return {
    next(count) {
      if (value !== null) {
        const ids = nextWithValue(count);
        if (ids.length > 0) return ids;
        value = null;
        lastSeen = firstId;
      }
      const [from, to] = isDescending ? [lastSeen - count, lastSeen - 1] : [lastSeen + 1, lastSeen + count];
      if (to < 1 || from > lastId) return null;
      lastSeen = isDescending ? from : to;
      return read(`${key} IS NULL AND ${id} BETWEEN @from AND @to ORDER BY ${id} ${way}`, { from, to }).map(
        ([each]) => each,
      );
    },
  };
}
