/**
 * Finds trials: a page at a time, in turns with everybody else (ports/turns.ts), so that no question about a hundred thousand trials
 * holds up a short one.
 *
 * The list as it stands is read from its index, from where the page before ended. The first page of a search is found by looking at all
 * texts, newest first, keeping the best of the page: that counts them, too. Further pages, and lists that are only sorted, go through the
 * index of that order until the page is full. All go on behind the last trial of the page before: what comes or goes meanwhile moves
 * nothing onto two pages. Trials that change while it reads are shown as they were or as they are.
 */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../../contract/errors.ts';
import type { TrialSort } from '../../contract/paging.ts';
import {
  lastTrialId,
  scanTrials,
  type FoundTrial,
  type SortKeys,
  type TrialFilter,
  type TrialScan,
} from '../../store/scan-trials.ts';
import { countList, getTrialRow, LIST_FIELDS, readList, type ListPlace, type TrialRow } from '../../store/trials.ts';
import { walkTrials, type TrialWalk } from '../../store/walk-trials.ts';
import { takeTurns, type Pace } from '../../ports/turns.ts';
import { parseSearch, type SearchQuery } from '../../text/search-query.ts';

export interface TrialQuestion extends TrialFilter {
  readonly search?: string | undefined;
  readonly sort: TrialSort;
  readonly order?: 'asc' | 'desc' | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface TrialPage<T> {
  readonly trials: T[];
  /** How many fit, as counted for the first page. */
  readonly total: number;
  readonly next: string | null;
}

/** Rows that are read and shown at once. */
const ROWS_AT_ONCE = 50;

/**
 * @param show what becomes of each row of the page
 * @throws SwitchyardError invalid_search, invalid_request for an `after` that is none of ours
 */
export async function findTrials<T>(
  db: Database,
  question: TrialQuestion,
  nowMs: number,
  show: (row: TrialRow) => T,
): Promise<TrialPage<T>> {
  const query = parseSearch(question.search ?? '', nowMs);
  const after = question.after === undefined ? null : readMark(question.after);
  const pace = await takeTurns();
  return isPlain(question, query)
    ? await readPlain(db, question, after, show, pace)
    : await searchAll(db, question, query, after, nowMs, show, pace);
}

function isPlain(question: TrialQuestion, query: SearchQuery): boolean {
  const asksMore =
    question.outcome ?? question.poolId ?? question.label ?? (question.state === 'done' ? undefined : question.state);
  const isEmpty = query.kind === 'all' && query.of.length === 0;
  return question.sort === 'line' && asksMore === undefined && isEmpty;
}

/** Where a page ended: the fields of its last trial, and what the first page counted. */
interface Mark {
  readonly keys: SortKeys;
  readonly id: number;
  readonly total: number;
}

const writeMark = (mark: Mark): string => Buffer.from(JSON.stringify(mark)).toString('base64url');

function refuseMark(): never {
  throw new SwitchyardError('invalid_request', 'This is not where such a page of trials ended.', {
    path: 'after',
    remedy: 'Ask with `next` of the page before, and the same question; or without `after` for the first page.',
  });
}

function readMark(text: string): Mark {
  try {
    const mark = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Partial<Mark> | null;
    const isKey = (key: unknown): boolean => key === null || typeof key === 'number' || typeof key === 'string';
    if (!Array.isArray(mark?.keys) || !mark.keys.every(isKey)) return refuseMark();
    if (typeof mark.id !== 'number' || typeof mark.total !== 'number') return refuseMark();
    return { keys: mark.keys as SortKeys, id: mark.id, total: mark.total };
  } catch {
    return refuseMark();
  }
}

function placeOf({ keys }: Mark): ListPlace {
  const place = keys.filter((key) => key !== null);
  return place.length === LIST_FIELDS.length && keys.length === place.length ? place : refuseMark();
}

async function readPlain<T>(
  db: Database,
  question: TrialQuestion,
  after: Mark | null,
  show: (row: TrialRow) => T,
  pace: Pace,
): Promise<TrialPage<T>> {
  const part = { archived: question.archived, isDone: question.state === 'done' };
  const total = after?.total ?? countList(db, part);
  const trials: T[] = [];
  let place: ListPlace | null = after === null ? null : placeOf(after);
  let isEnd = false;
  while (trials.length < question.limit && !isEnd) {
    await pace.step();
    const wanted = Math.min(ROWS_AT_ONCE, question.limit - trials.length);
    const piece = readList(db, part, place, wanted);
    for (const { row } of piece) trials.push(show(row));
    place = piece.at(-1)?.place ?? place;
    isEnd = piece.length < wanted;
  }
  const next = isEnd || place === null ? null : writeMark({ keys: place, id: Number(place.at(-1)), total });
  return { trials, total, next };
}

/** Ids looked at at once, to begin with; then as many as a piece of a turn allows. */
const FIRST_STRETCH = 500;
const LEAST_STRETCH = 50;
const MOST_STRETCH = 20_000;

async function searchAll<T>(
  db: Database,
  question: TrialQuestion,
  query: SearchQuery,
  after: Mark | null,
  nowMs: number,
  show: (row: TrialRow) => T,
  pace: Pace,
): Promise<TrialPage<T>> {
  const { sort, limit } = question;
  const isDescending = sort !== 'line' && (question.order ?? (sort === 'name' ? 'asc' : 'desc')) === 'desc';
  const compare = (a: Pick<FoundTrial, 'keys' | 'id'>, b: Pick<FoundTrial, 'keys' | 'id'>): number =>
    compareKeys(a, b, isDescending);
  const scan = scanTrials(db, question, query, sort, nowMs);
  const known = after?.total ?? countPlain(db, question, query);
  const walk = known === null ? null : walkTrials(db, sort, isDescending, after);
  const { page, total } =
    known === null || walk === null
      ? await bestOfAll(db, scan, after, limit + 1, compare, pace)
      : { page: await nextOnWalk(scan, walk, limit + 1, pace), total: known };
  const trials: T[] = [];
  for (const { id } of page.slice(0, limit)) {
    await pace.step();
    const row = getTrialRow(db, id);
    if (row !== null) trials.push(show(row));
  }
  const last = page[limit - 1];
  const next = page.length <= limit || last === undefined ? null : writeMark({ keys: last.keys, id: last.id, total });
  return { trials, total, next };
}

/** How many fit, where that is known without a look at each; null = it is not. */
function countPlain(db: Database, question: TrialQuestion, query: SearchQuery): number | null {
  if (!isPlain({ ...question, sort: 'line' }, query)) return null;
  return countList(db, { archived: question.archived, isDone: question.state === 'done' });
}

/** So many trials are looked at in one piece of a turn. */
function createStretch(first: number): { size: number; tune(tookMs: number): void } {
  return {
    size: first,
    tune(tookMs) {
      const fits = tookMs < 3 ? this.size * 1.5 : tookMs > 6 ? this.size / 2 : this.size;
      this.size = Math.round(Math.min(MOST_STRETCH, Math.max(LEAST_STRETCH, fits)));
    },
  };
}

/** @returns the first `count` of those that fit behind `after`, and how many fit at all: every trial is looked at */
async function bestOfAll(
  db: Database,
  scan: TrialScan,
  after: Mark | null,
  count: number,
  compare: (a: Pick<FoundTrial, 'keys' | 'id'>, b: Pick<FoundTrial, 'keys' | 'id'>) => number,
  pace: Pace,
): Promise<{ readonly page: readonly FoundTrial[]; readonly total: number }> {
  const best = keepBest(count, compare);
  const stretch = createStretch(FIRST_STRETCH);
  let total = 0;
  for (let to = lastTrialId(db); to > 0;) {
    await pace.step();
    const from = Math.max(1, to - stretch.size + 1);
    const beganMs = performance.now();
    for (const found of scan.read(from, to)) {
      total += 1;
      if (after === null || compare(found, after) > 0) best.add(found);
    }
    stretch.tune(performance.now() - beganMs);
    to = from - 1;
  }
  return { page: best.sorted(), total };
}

/** @returns the next `count` that fit: no more are looked at than it takes to find them */
async function nextOnWalk(scan: TrialScan, walk: TrialWalk, count: number, pace: Pace): Promise<readonly FoundTrial[]> {
  const page: FoundTrial[] = [];
  const stretch = createStretch(LEAST_STRETCH);
  while (page.length < count) {
    await pace.step();
    const beganMs = performance.now();
    const ids = walk.next(stretch.size);
    if (ids === null) break;
    page.push(...scan.pick(ids));
    stretch.tune(performance.now() - beganMs);
  }
  return page.slice(0, count);
}

/** Without a value last, either way; equals by their number, the newest first where what is larger comes first. */
function compareKeys(
  a: Pick<FoundTrial, 'keys' | 'id'>,
  b: Pick<FoundTrial, 'keys' | 'id'>,
  isDescending: boolean,
): number {
  for (let at = 0; at < a.keys.length; at++) {
    const left = a.keys[at] ?? null;
    const right = b.keys[at] ?? null;
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right === isDescending ? 1 : -1;
  }
  return isDescending ? b.id - a.id : a.id - b.id;
}

/** Keeps the first `count` of many without keeping all of them. */
function keepBest(
  count: number,
  compare: (a: FoundTrial, b: FoundTrial) => number,
): { add(found: FoundTrial): void; sorted(): FoundTrial[] } {
  let kept: FoundTrial[] = [];
  let worst: FoundTrial | null = null;
  const cut = (): void => {
    kept = kept.toSorted(compare).slice(0, count);
    worst = kept.length === count ? (kept.at(-1) ?? null) : null;
  };
  return {
    add(found) {
      if (worst !== null && compare(found, worst) >= 0) return;
      kept.push(found);
      if (kept.length >= 2 * count + 500) cut();
    },
    sorted() {
      cut();
      return kept;
    },
  };
}
