/** Rows of searches: the state a searcher goes on from, and what its trials brought it that it has not taken in yet. */
import type { Database } from 'better-sqlite3';
import type { SearchPhase } from '../contract/experiments.ts';
import { prepared } from './database.ts';

/** What a search follows in the reports of its trials; the rest of its configuration is the searcher's. */
export interface FollowedMetrics {
  readonly metric: string;
  readonly smallerIsBetter: boolean;
  /** Missing where nobody is stopped early. */
  readonly timeMetric?: string;
}

/** The searcher's own records are opaque here. */
export interface SearchRow<Config = FollowedMetrics, State = unknown> {
  readonly experimentId: number;
  readonly config: Config;
  readonly seed: number;
  readonly state: State;
  readonly phase: SearchPhase;
}

/** What a trial brought its search, by the trial's name in it. */
export type SearchNews =
  | { readonly kind: 'report'; readonly trial: string; readonly metrics: Readonly<Record<string, number>> }
  | {
      readonly kind: 'ended';
      readonly trial: string;
      readonly how: 'completed' | 'failed' | 'invalid' | 'canceled';
    };

export function insertSearch(db: Database, row: SearchRow): void {
  prepared(db, 'INSERT INTO search (experiment_id, config, seed, state, phase) VALUES (?, ?, ?, ?, ?)').run(
    row.experimentId,
    JSON.stringify(row.config),
    row.seed,
    JSON.stringify(row.state),
    row.phase,
  );
}

/** @returns null where no search makes the trials of this experiment */
export function getSearch<Config = FollowedMetrics, State = unknown>(
  db: Database,
  experimentId: number,
): SearchRow<Config, State> | null {
  const raw = prepared(
    db,
    'SELECT experiment_id AS experimentId, config, seed, state, phase FROM search WHERE experiment_id = ?',
  ).get(experimentId) as (Omit<SearchRow, 'config' | 'state'> & { config: string; state: string }) | undefined;
  if (raw === undefined) return null;
  return { ...raw, config: JSON.parse(raw.config) as Config, state: JSON.parse(raw.state) as State };
}

/** What a search follows, without its state; null where no search goes on. */
export function getFollowedMetrics(db: Database, experimentId: number): FollowedMetrics | null {
  const config = prepared(db, "SELECT config FROM search WHERE experiment_id = ? AND phase <> 'over'")
    .pluck()
    .get(experimentId) as string | undefined;
  return config === undefined ? null : (JSON.parse(config) as FollowedMetrics);
}

export function updateSearch(
  db: Database,
  experimentId: number,
  { config, state, phase }: Pick<SearchRow, 'config' | 'state' | 'phase'>,
): void {
  prepared(db, 'UPDATE search SET config = ?, state = ?, phase = ? WHERE experiment_id = ?').run(
    JSON.stringify(config),
    JSON.stringify(state),
    phase,
    experimentId,
  );
}

/** To be called in the transaction of what it tells of. Where no search goes on nothing is written. */
export function insertSearchNews(db: Database, experimentId: number, news: SearchNews): void {
  prepared(
    db,
    `INSERT INTO search_event (experiment_id, event)
    SELECT @experimentId, @event WHERE EXISTS (SELECT 1 FROM search WHERE experiment_id = @experimentId AND phase <> 'over')`,
  ).run({ experimentId, event: JSON.stringify(news) });
}

/** @returns an experiment whose search has news; null = none has */
export function findSearchWithNews(db: Database): number | null {
  return (
    (prepared(db, 'SELECT experiment_id FROM search_event ORDER BY seq LIMIT 1').pluck().get() as number | undefined) ??
    null
  );
}

/** Takes the oldest news of a search out, in their order. */
export function takeSearchNews(db: Database, experimentId: number, limit: number): SearchNews[] {
  const rows = prepared(db, 'SELECT seq, event FROM search_event WHERE experiment_id = ? ORDER BY seq LIMIT ?').all(
    experimentId,
    limit,
  ) as { seq: number; event: string }[];
  const last = rows.at(-1)?.seq;
  if (last !== undefined)
    prepared(db, 'DELETE FROM search_event WHERE experiment_id = ? AND seq <= ?').run(experimentId, last);
  return rows.map(({ event }) => JSON.parse(event) as SearchNews);
}
