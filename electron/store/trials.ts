/** Rows of the trial table: reading, writing and listing. A row mirrors the state machine in trials/transitions.ts. */
import type { Database } from 'better-sqlite3';
import type { Place } from '../contract/queue-order.ts';
import type { StopKind, TrialState } from '../contract/states.ts';
import type { Outcome } from '../contract/trials.ts';
import { deleteCells, insertParamCells } from './cells.ts';
import { prepared } from './database.ts';
import { searchTextOf } from './search-text.ts';
import type { TrialSpec } from './trial-spec.ts';

export interface TrialRow {
  readonly id: number;
  readonly experimentId: number;
  readonly name: string;
  readonly labels: readonly string[];
  readonly poolId: string;
  readonly state: TrialState;
  readonly revision: number;
  readonly priority: number;
  readonly rank: string;
  readonly spec: TrialSpec;
  readonly estimateKey: string;
  readonly hparams: Readonly<Record<string, unknown>>;
  readonly attempt: number;
  readonly restarts: number;
  /** A queued trial is not started before this time (back-off after a failure). */
  readonly notBeforeMs: number | null;
  /** Launches in a row that failed for a reason that may pass. */
  readonly launchFailures: number;
  readonly frozen: boolean;
  /** Since when it is frozen; null = it is not. */
  readonly frozenSinceMs: number | null;
  /** How long the latest attempt was frozen before, in all. */
  readonly frozenMs: number;
  readonly stop: {
    readonly kind: StopKind;
    readonly askedAtMs: number;
    readonly killAtMs: number | null;
    /** Why, where the kind alone does not tell. */
    readonly note?: string;
  } | null;
  readonly progress: number | null;
  /** How long the latest attempt had worked (frozen time left out) when it reported `progress`; null = it has reported none. */
  readonly progressWorkedMs: number | null;
  readonly step: number | null;
  /** What stands for its metrics where there is room for one; written with the reports, without a new revision. */
  readonly metric: { readonly name: string; readonly last: number; readonly best: number } | null;
  readonly outcome: Outcome | null;
  readonly submittedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly archived: boolean;
  /** Marked by the user as one to come back to. */
  readonly starred: boolean;
}

interface Raw {
  id: number;
  experiment_id: number;
  name: string;
  labels: string;
  pool_id: string;
  state: TrialState;
  revision: number;
  priority: number;
  rank: string;
  spec: string;
  estimate_key: string;
  hparams: string;
  attempt: number;
  restarts: number;
  not_before_ms: number | null;
  launch_failures: number;
  frozen: number;
  frozen_since_ms: number | null;
  frozen_ms: number;
  stop_kind: StopKind | null;
  stop_asked_at_ms: number | null;
  kill_at_ms: number | null;
  stop_note: string | null;
  progress: number | null;
  progress_worked_ms: number | null;
  step: number | null;
  metric_name: string | null;
  metric_last: number | null;
  metric_best: number | null;
  outcome: string | null;
  submitted_at_ms: number;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  archived: number;
  starred: number;
}

function fromRaw(raw: Raw): TrialRow {
  return {
    id: raw.id,
    experimentId: raw.experiment_id,
    name: raw.name,
    labels: JSON.parse(raw.labels) as string[],
    poolId: raw.pool_id,
    state: raw.state,
    revision: raw.revision,
    priority: raw.priority,
    rank: raw.rank,
    spec: JSON.parse(raw.spec) as TrialSpec,
    estimateKey: raw.estimate_key,
    hparams: JSON.parse(raw.hparams) as Record<string, unknown>,
    attempt: raw.attempt,
    restarts: raw.restarts,
    notBeforeMs: raw.not_before_ms,
    launchFailures: raw.launch_failures,
    frozen: raw.frozen === 1,
    frozenSinceMs: raw.frozen_since_ms,
    frozenMs: raw.frozen_ms,
    stop:
      raw.stop_kind === null
        ? null
        : {
            kind: raw.stop_kind,
            askedAtMs: raw.stop_asked_at_ms ?? 0,
            killAtMs: raw.kill_at_ms,
            ...(raw.stop_note === null ? {} : { note: raw.stop_note }),
          },
    progress: raw.progress,
    progressWorkedMs: raw.progress_worked_ms,
    step: raw.step,
    metric:
      raw.metric_name === null
        ? null
        : { name: raw.metric_name, last: raw.metric_last ?? 0, best: raw.metric_best ?? 0 },
    outcome: raw.outcome === null ? null : (JSON.parse(raw.outcome) as Outcome),
    submittedAtMs: raw.submitted_at_ms,
    startedAtMs: raw.started_at_ms,
    endedAtMs: raw.ended_at_ms,
    archived: raw.archived === 1,
    starred: raw.starred === 1,
  };
}

/** The order of the line (contract/queue-order.ts) in SQL: ranks are compared as bytes. */
const LINE_FIELDS = ['priority', 'rank', 'id'] as const;
const LINE_ORDER = LINE_FIELDS.join(', ');
const LINE_BACKWARDS = LINE_FIELDS.map((field) => `${field} DESC`).join(', ');

export function getTrialRow(db: Database, id: number): TrialRow | null {
  const raw = prepared(db, 'SELECT * FROM trial WHERE id = ?').get(id) as Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

export type NewTrial = Omit<
  TrialRow,
  | 'id'
  | 'revision'
  | 'attempt'
  | 'restarts'
  | 'notBeforeMs'
  | 'launchFailures'
  | 'frozen'
  | 'frozenSinceMs'
  | 'frozenMs'
  | 'stop'
  | 'progress'
  | 'progressWorkedMs'
  | 'step'
  | 'metric'
  | 'outcome'
  | 'startedAtMs'
  | 'endedAtMs'
  | 'archived'
  | 'starred'
>;

/** @returns the trial with this name in a sweep; null = there is none, or it was deleted */
export function findInSweep(db: Database, experimentId: number, name: string): TrialRow | null {
  const raw = prepared(
    db,
    "SELECT * FROM trial WHERE experiment_id = ? AND json_extract(spec, '$.inSweep') = ? LIMIT 1",
  ).get(experimentId, name) as Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

/** @returns of a sweep the trial that stands last in line, else its latest; null = it has none */
export function findSibling(db: Database, experimentId: number): TrialRow | null {
  const raw = prepared(
    db,
    `SELECT * FROM trial WHERE experiment_id = ? AND json_extract(spec, '$.inSweep') IS NOT NULL
    ORDER BY state IN ('queued', 'paused') DESC, CASE WHEN state IN ('queued', 'paused') THEN rank END DESC, id DESC LIMIT 1`,
  ).get(experimentId) as Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

export function hasLiveTrials(db: Database, experimentId: number): boolean {
  return (
    prepared(db, "SELECT 1 FROM trial WHERE experiment_id = ? AND state <> 'done' LIMIT 1").get(experimentId) !==
    undefined
  );
}

/** What an experiment as a whole is told from: read for many of them at once, so nothing of it is taken apart. */
export interface TrialSummary {
  readonly id: number;
  readonly name: string;
  readonly state: TrialState;
  readonly outcome: Outcome['kind'] | null;
  readonly metricName: string | null;
  readonly metricBest: number | null;
  readonly endedAtMs: number | null;
}

/** By number. */
export function summarizeTrialsOf(db: Database, experimentId: number): TrialSummary[] {
  return prepared(
    db,
    `SELECT id, name, state, json_extract(outcome, '$.kind') AS outcome, metric_name AS metricName, metric_best AS metricBest,
      ended_at_ms AS endedAtMs FROM trial WHERE experiment_id = ? ORDER BY id`,
  ).all(experimentId) as TrialSummary[];
}

/** By number. */
export function listTrialsOf(db: Database, experimentId: number): TrialRow[] {
  return (prepared(db, 'SELECT * FROM trial WHERE experiment_id = ? ORDER BY id').all(experimentId) as Raw[]).map(
    fromRaw,
  );
}

/** @returns the id of the new row, never reused. */
export function insertTrial(db: Database, trial: NewTrial): number {
  const id = Number(
    prepared(
      db,
      `INSERT INTO trial (experiment_id, name, labels, pool_id, state, revision, priority, rank, spec, estimate_key, hparams,
      attempt, restarts, not_before_ms, frozen, stop_kind, stop_asked_at_ms, kill_at_ms, progress, step, outcome,
      submitted_at_ms, started_at_ms, ended_at_ms, archived)
    VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, 0, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, ?, NULL, NULL, 0)`,
    ).run(
      trial.experimentId,
      trial.name,
      JSON.stringify(trial.labels),
      trial.poolId,
      trial.state,
      trial.priority,
      trial.rank,
      JSON.stringify(trial.spec),
      trial.estimateKey,
      JSON.stringify(trial.hparams),
      trial.submittedAtMs,
    ).lastInsertRowid,
  );
  prepared(db, 'INSERT INTO trial_text (trial_id, text) VALUES (?, ?)').run(
    id,
    searchTextOf(trial.name, trial.labels, trial.spec.command),
  );
  insertParamCells(db, { id, command: trial.spec.command, hparams: trial.hparams });
  return id;
}

/** How a trial stands among the others is told anew; the rest of its description stays. The caller emits the event. */
export function updateTrialTerms(db: Database, id: number, terms: TrialSpec['terms']): void {
  prepared(db, "UPDATE trial SET spec = json_set(spec, '$.terms', json(?)), revision = revision + 1 WHERE id = ?").run(
    JSON.stringify(terms),
    id,
  );
}

/** Ids up to this one are not given out any more. */
export function reserveTrialIds(db: Database, upTo: number): void {
  const raised = prepared(db, "UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'trial'").run(upTo);
  if (raised.changes === 0) prepared(db, "INSERT INTO sqlite_sequence (name, seq) VALUES ('trial', ?)").run(upTo);
}

/** Writes every changeable field of `row` and raises its revision by one. */
export function updateTrial(db: Database, row: TrialRow): void {
  advanceTrial(db, row);
  const text = searchTextOf(row.name, row.labels, row.spec.command);
  prepared(db, 'UPDATE trial_text SET text = ? WHERE trial_id = ? AND text <> ?').run(text, row.id, text);
}

/** The same for a row whose name, labels and command are as they were: what it is found by stays. */
export function advanceTrial(db: Database, row: TrialRow): void {
  prepared(
    db,
    `UPDATE trial SET name = ?, labels = ?, pool_id = ?, state = ?, revision = revision + 1, priority = ?, rank = ?, attempt = ?, restarts = ?,
      not_before_ms = ?, launch_failures = ?, frozen = ?, frozen_since_ms = ?, frozen_ms = ?,
      stop_kind = ?, stop_asked_at_ms = ?, kill_at_ms = ?, stop_note = ?,
      progress = ?, progress_worked_ms = ?, step = ?, outcome = ?,
      started_at_ms = ?, ended_at_ms = ?, archived = ?, starred = ? WHERE id = ?`,
  ).run(
    row.name,
    JSON.stringify(row.labels),
    row.poolId,
    row.state,
    row.priority,
    row.rank,
    row.attempt,
    row.restarts,
    row.notBeforeMs,
    row.launchFailures,
    row.frozen ? 1 : 0,
    row.frozenSinceMs,
    row.frozenMs,
    row.stop?.kind ?? null,
    row.stop?.askedAtMs ?? null,
    row.stop?.killAtMs ?? null,
    row.stop?.note ?? null,
    row.progress,
    row.progressWorkedMs,
    row.step,
    row.outcome === null ? null : JSON.stringify(row.outcome),
    row.startedAtMs,
    row.endedAtMs,
    row.archived ? 1 : 0,
    row.starred ? 1 : 0,
    row.id,
  );
}

/** The main metric is written without a new revision, as progress is. */
export function updateMainMetric(db: Database, id: number, metric: NonNullable<TrialRow['metric']>): void {
  prepared(db, 'UPDATE trial SET metric_name = ?, metric_last = ?, metric_best = ? WHERE id = ?').run(
    metric.name,
    metric.last,
    metric.best,
    id,
  );
}

/**
 * Progress is written without a new revision: it must not make a user's edit stale.
 * @param atMs when it was reported: how long the attempt had worked by then is kept beside it
 */
export function updateProgress(
  db: Database,
  id: number,
  progress: number | null,
  step: number | null,
  atMs: number,
): void {
  prepared(
    db,
    `UPDATE trial SET progress = COALESCE(@progress, progress), step = COALESCE(@step, step),
      progress_worked_ms = CASE WHEN @progress IS NULL OR started_at_ms IS NULL THEN progress_worked_ms
        ELSE MAX(0, COALESCE(frozen_since_ms, @atMs) - started_at_ms - frozen_ms) END
    WHERE id = @id`,
  ).run({ progress, step, atMs, id });
}

/** What an active trial has reported since its row was last taken in; progress changes without a commit that names the trial. */
export function readProgress(db: Database, id: number): Pick<TrialRow, 'progress' | 'progressWorkedMs'> | null {
  const row = prepared(db, 'SELECT progress, progress_worked_ms AS progressWorkedMs FROM trial WHERE id = ?').get(
    id,
  ) as Pick<TrialRow, 'progress' | 'progressWorkedMs'> | undefined;
  return row ?? null;
}

export function deleteTrialRow(db: Database, id: number): void {
  prepared(db, 'DELETE FROM event WHERE trial_id = ?').run(id);
  deleteCells(db, id);
  prepared(db, 'DELETE FROM trial WHERE id = ?').run(id);
}

/** Queued trials that may not start before a time. */
export function listHeldTrials(db: Database): TrialRow[] {
  return (
    prepared(db, `SELECT * FROM trial WHERE state = 'queued' AND not_before_ms IS NOT NULL ORDER BY id`).all() as Raw[]
  ).map(fromRaw);
}

export function listActiveTrials(db: Database): TrialRow[] {
  return (
    prepared(
      db,
      // The second condition says which index has them: there are few of them and perhaps a hundred thousand others.
      `SELECT * FROM trial WHERE state IN ('starting', 'running', 'stopping') AND state <> 'done' ORDER BY id`,
    ).all() as Raw[]
  ).map(fromRaw);
}

export function listRecentlyDone(db: Database, limit: number): TrialRow[] {
  return (
    prepared(
      db,
      `SELECT * FROM trial WHERE state = 'done' AND archived = 0 ORDER BY ended_at_ms DESC, id DESC LIMIT ?`,
    ).all(limit) as Raw[]
  ).map(fromRaw);
}

export function countDone(db: Database): number {
  return (prepared(db, `SELECT COUNT(*) AS n FROM trial WHERE state = 'done' AND archived = 0`).get() as { n: number })
    .n;
}

/** The order of the list, all ascending: active ones, the line, then what ended, the latest first. An index holds it (migration 9). */
export const LIST_FIELDS: readonly string[] = ['list_group', 'list_latest', ...LINE_FIELDS];
const LIST_ORDER = LIST_FIELDS.join(', ');

/** A place in the list: the values of its fields. */
export type ListPlace = readonly (number | string)[];

/** Which part of the list: without a filter that would have to look at each row. */
export interface ListPart {
  readonly archived: boolean | null;
  /** Only what ended; else all. */
  readonly isDone: boolean;
}

const archivedIs = (archived: boolean | null): string =>
  archived === null ? '' : `AND archived = ${archived ? '1' : '0'}`;

/** @returns at most `limit` rows behind a place of the list (null = from its beginning), and their places */
export function readList(
  db: Database,
  part: ListPart,
  after: ListPlace | null,
  limit: number,
): { readonly row: TrialRow; readonly place: ListPlace }[] {
  const from = after ?? [part.isDone ? 2 : -1, Number.NEGATIVE_INFINITY, 0, '', 0];
  const rows = prepared(
    db,
    `SELECT * FROM trial
    WHERE (${LIST_ORDER}) > (?, ?, ?, ?, ?) ${archivedIs(part.archived)} ORDER BY ${LIST_ORDER} LIMIT ?`,
  ).all(...from, limit) as (Raw & { list_group: number; list_latest: number })[];
  return rows.map((raw) => ({
    row: fromRaw(raw),
    place: [raw.list_group, raw.list_latest, raw.priority, raw.rank, raw.id],
  }));
}

const LIVE_AT_ONCE = 200;

/**
 * Every trial that is not done, active ones first, then the line, piece by piece. Never all rows at once: what V8 sees to live long when
 * the engine starts it later takes to live long always, and collecting the rows of every request takes several times as long.
 */
export function* readLiveTrials(db: Database): Generator<readonly TrialRow[], void> {
  for (let place: ListPlace | null = null; ;) {
    const piece = readList(db, { archived: null, isDone: false }, place, LIVE_AT_ONCE);
    const live = piece.map(({ row }) => row).filter(({ state }) => state !== 'done');
    yield live;
    if (live.length < LIVE_AT_ONCE) return;
    place = piece.at(-1)?.place ?? null;
  }
}

/** How many there are, by indexes alone. A trial that has not ended is never archived. */
export function countList(db: Database, { archived, isDone }: ListPart): number {
  const live = `SELECT COUNT(*) FROM trial WHERE state <> 'done'`;
  const done = `SELECT COUNT(*) FROM trial WHERE state = 'done' ${archivedIs(archived)}`;
  const both = isDone ? done : archived === true ? done : `SELECT (${live}) + (${done})`;
  return prepared(db, both).pluck().get() as number;
}

/** A place in the line: the fields that order it. */
export interface LinePlace extends Place {
  readonly rank: string;
}

const LINE = `FROM trial WHERE pool_id = ? AND state IN ('queued', 'paused')`;

/** The line of a pool from `offset` on; at most `limit` places. */
export function readLine(db: Database, poolId: string, offset: number, limit: number): LinePlace[] {
  return prepared(db, `SELECT id, priority, rank ${LINE} ORDER BY ${LINE_ORDER} LIMIT ? OFFSET ?`).all(
    poolId,
    limit,
    offset,
  ) as LinePlace[];
}

/** The nearest place ahead of (`ahead`) or behind a given place that is not in `except`. */
export function neighbourInLine(
  db: Database,
  poolId: string,
  of: LinePlace,
  side: 'ahead' | 'behind',
  except: ReadonlySet<number>,
): LinePlace | null {
  const rows =
    side === 'ahead'
      ? prepared(db, `SELECT id, priority, rank ${LINE} AND (${LINE_ORDER}) < (?, ?, ?) ORDER BY ${LINE_BACKWARDS}`)
      : prepared(db, `SELECT id, priority, rank ${LINE} AND (${LINE_ORDER}) > (?, ?, ?) ORDER BY ${LINE_ORDER}`);
  for (const row of rows.iterate(poolId, of.priority, of.rank, of.id) as IterableIterator<LinePlace>)
    if (!except.has(row.id)) return row;
  return null;
}

/** The first or last place of a pool's line that is not in `except`. */
export function endOfLine(
  db: Database,
  poolId: string,
  end: 'first' | 'last',
  except: ReadonlySet<number>,
): LinePlace | null {
  const rows =
    end === 'first'
      ? prepared(db, `SELECT id, priority, rank ${LINE} ORDER BY ${LINE_ORDER}`)
      : prepared(db, `SELECT id, priority, rank ${LINE} ORDER BY ${LINE_BACKWARDS}`);
  for (const row of rows.iterate(poolId) as IterableIterator<LinePlace>) if (!except.has(row.id)) return row;
  return null;
}

/** The smallest rank above `rank` in the pool (any state), or the largest below it; null at the end. */
export function adjacentRank(db: Database, poolId: string, rank: string, side: 'above' | 'below'): string | null {
  const row = (
    side === 'above'
      ? prepared(db, 'SELECT rank FROM trial WHERE pool_id = ? AND rank > ? ORDER BY rank LIMIT 1')
      : prepared(db, 'SELECT rank FROM trial WHERE pool_id = ? AND rank < ? ORDER BY rank DESC LIMIT 1')
  ).get(poolId, rank) as { rank: string } | undefined;
  return row?.rank ?? null;
}

export function lastRank(db: Database, poolId: string): string | null {
  return (
    (
      prepared(db, 'SELECT rank FROM trial WHERE pool_id = ? ORDER BY rank DESC LIMIT 1').get(poolId) as
        { rank: string } | undefined
    )?.rank ?? null
  );
}

/** A completed run of a program: with what, and how long it worked. */
export interface CompletedRun {
  readonly command: string;
  readonly hparams: Readonly<Record<string, unknown>>;
  /** Its last attempt and those before it that left a checkpoint to go on from, frozen time left out, ms. */
  readonly workedMs: number;
}

/** @returns the latest completed runs of a program, latest first. */
export function listCompletedRuns(db: Database, estimateKey: string, limit: number): CompletedRun[] {
  const rows = prepared(
    db,
    `SELECT json_extract(trial.spec, '$.command') AS command, trial.hparams AS hparams,
      (SELECT SUM(MAX(0, attempt.ended_at_ms - attempt.started_at_ms - attempt.frozen_ms)) FROM attempt
        WHERE attempt.trial_id = trial.id AND attempt.started_at_ms IS NOT NULL AND attempt.ended_at_ms IS NOT NULL
          AND (attempt.number = trial.attempt OR EXISTS (SELECT 1 FROM checkpoint
            WHERE checkpoint.trial_id = trial.id AND checkpoint.attempt = attempt.number))) AS workedMs
    FROM trial WHERE trial.estimate_key = ? AND trial.state = 'done' AND json_extract(trial.outcome, '$.kind') = 'completed'
      AND json_extract(trial.outcome, '$.code') IS NOT 'search'
    ORDER BY trial.ended_at_ms DESC LIMIT ?`,
  ).all(estimateKey, limit) as { command: string | null; hparams: string; workedMs: number | null }[];
  return rows.flatMap(({ command, hparams, workedMs }) =>
    workedMs === null
      ? []
      : [{ command: command ?? '', hparams: JSON.parse(hparams) as Record<string, unknown>, workedMs }],
  );
}

export function countByPool(db: Database, poolId: string): number {
  return (
    prepared(db, `SELECT COUNT(*) AS n FROM trial WHERE pool_id = ? AND state <> 'done'`).get(poolId) as { n: number }
  ).n;
}
