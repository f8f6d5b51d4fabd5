/** Rows of the metric and checkpoint tables: what trials report. Writing the same report twice changes nothing. */
import type { Database } from 'better-sqlite3';
import type { CheckpointView } from '../contract/trials.ts';
import { prepared } from './database.ts';

export interface MetricPoint {
  readonly name: string;
  readonly step: number;
  readonly value: number;
  readonly atMs: number;
}

export function insertMetrics(db: Database, trialId: number, points: readonly MetricPoint[]): void {
  const insert = prepared(
    db,
    `INSERT INTO metric (trial_id, name, step, value, at_ms) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (trial_id, name, step) DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms`,
  );
  for (const point of points) insert.run(trialId, point.name, point.step, point.value, point.atMs);
}

export function listMetricNames(db: Database, trialId: number): string[] {
  // A skip scan: one index seek a name instead of reading every point.
  const names: string[] = [];
  const next = prepared(db, 'SELECT name FROM metric WHERE trial_id = ? AND name > ? ORDER BY name LIMIT 1');
  for (let name = ''; ;) {
    const row = next.get(trialId, name) as { name: string } | undefined;
    if (row === undefined) return names;
    names.push(row.name);
    name = row.name;
  }
}

export function hasMetric(db: Database, trialId: number, name: string): boolean {
  return prepared(db, 'SELECT 1 FROM metric WHERE trial_id = ? AND name = ? LIMIT 1').get(trialId, name) !== undefined;
}

/** How many points a metric has, at most `limit` of them looked at. */
export function countMetric(db: Database, trialId: number, name: string, limit: number): number {
  return prepared(db, 'SELECT COUNT(*) FROM (SELECT 1 FROM metric WHERE trial_id = ? AND name = ? LIMIT ?)')
    .pluck()
    .get(trialId, name, limit) as number;
}

export function deleteMetricPoints(db: Database, trialId: number, name: string, steps: readonly number[]): void {
  const remove = prepared(db, 'DELETE FROM metric WHERE trial_id = ? AND name = ? AND step = ?');
  for (const step of steps) remove.run(trialId, name, step);
}

/** @returns how many were deleted, at most `limit` */
export function deleteSomeMetrics(db: Database, trialId: number, limit: number): number {
  return prepared(
    db,
    `DELETE FROM metric WHERE (trial_id, name, step) IN
      (SELECT trial_id, name, step FROM metric WHERE trial_id = ? ORDER BY name, step LIMIT ?)`,
  ).run(trialId, limit).changes;
}

/** Ascending by step: [step, value]; at most `limit` points behind the step `after`. */
export function readMetric(
  db: Database,
  trialId: number,
  name: string,
  after: number,
  limit: number,
): [number, number][] {
  return prepared(
    db,
    'SELECT step, value FROM metric WHERE trial_id = ? AND name = ? AND step > ? ORDER BY step LIMIT ?',
  )
    .raw()
    .all(trialId, name, after, limit) as [number, number][];
}

/** As readMetric, with when each point was reported: [step, value, atMs]. */
export function readTimedMetric(
  db: Database,
  trialId: number,
  name: string,
  after: number,
  limit: number,
): [number, number, number][] {
  return prepared(
    db,
    'SELECT step, value, at_ms FROM metric WHERE trial_id = ? AND name = ? AND step > ? ORDER BY step LIMIT ?',
  )
    .raw()
    .all(trialId, name, after, limit) as [number, number, number][];
}

/** Its value at the latest step; null = there is none. */
export function lastMetric(db: Database, trialId: number, name: string): number | null {
  return (
    (prepared(db, 'SELECT value FROM metric WHERE trial_id = ? AND name = ? ORDER BY step DESC LIMIT 1')
      .pluck()
      .get(trialId, name) as number | undefined) ?? null
  );
}

/** Reads all its points. @returns null = there is none */
export function metricExtreme(db: Database, trialId: number, name: string, which: 'lowest' | 'highest'): number | null {
  return prepared(db, `SELECT ${which === 'lowest' ? 'MIN' : 'MAX'}(value) FROM metric WHERE trial_id = ? AND name = ?`)
    .pluck()
    .get(trialId, name) as number | null;
}

/** As it is reported: nobody has pinned it yet. */
export type NewCheckpoint = Omit<CheckpointView, 'id' | 'pinned'>;

export function insertCheckpoint(db: Database, row: NewCheckpoint): void {
  prepared(
    db,
    `INSERT INTO checkpoint (trial_id, attempt, path, step, saved_at_ms, size_bytes, metrics) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (trial_id, path) DO UPDATE SET attempt = excluded.attempt, step = excluded.step, saved_at_ms = excluded.saved_at_ms,
      size_bytes = excluded.size_bytes, metrics = excluded.metrics`,
  ).run(row.trialId, row.attempt, row.path, row.step, row.savedAtMs, row.sizeBytes, JSON.stringify(row.metrics));
}

const CHECKPOINT =
  'id, trial_id AS trialId, attempt, path, step, saved_at_ms AS savedAtMs, size_bytes AS sizeBytes, metrics, pinned';
type RawCheckpoint = Omit<CheckpointView, 'metrics' | 'pinned'> & { metrics: string; pinned: number };
const fromRaw = (raw: RawCheckpoint): CheckpointView => ({
  ...raw,
  metrics: JSON.parse(raw.metrics) as Record<string, number>,
  pinned: raw.pinned === 1,
});

export function listCheckpoints(db: Database, trialId: number): CheckpointView[] {
  return (
    prepared(db, `SELECT ${CHECKPOINT} FROM checkpoint WHERE trial_id = ? ORDER BY saved_at_ms, id`).all(
      trialId,
    ) as RawCheckpoint[]
  ).map(fromRaw);
}

export function deleteCheckpoints(db: Database, ids: readonly number[]): void {
  for (const id of ids) prepared(db, 'DELETE FROM checkpoint WHERE id = ?').run(id);
}

export function latestCheckpoint(db: Database, trialId: number): CheckpointView | null {
  const raw = prepared(
    db,
    `SELECT ${CHECKPOINT} FROM checkpoint WHERE trial_id = ? ORDER BY saved_at_ms DESC, id DESC LIMIT 1`,
  ).get(trialId) as RawCheckpoint | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

/** @returns whether there is such a checkpoint */
export function pinCheckpoint(db: Database, id: number, pinned: boolean): boolean {
  return prepared(db, 'UPDATE checkpoint SET pinned = ? WHERE id = ?').run(pinned ? 1 : 0, id).changes > 0;
}

export function getCheckpoint(db: Database, id: number): CheckpointView | null {
  const raw = prepared(db, `SELECT ${CHECKPOINT} FROM checkpoint WHERE id = ?`).get(id) as RawCheckpoint | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

/** The value of a metric at a step, or the last before it; null = there is none yet. */
export function metricAt(db: Database, trialId: number, name: string, step: number): number | null {
  return (
    (prepared(db, 'SELECT value FROM metric WHERE trial_id = ? AND name = ? AND step <= ? ORDER BY step DESC LIMIT 1')
      .pluck()
      .get(trialId, name, step) as number | undefined) ?? null
  );
}
