/** Rows of the experiment table: a code snapshot plus a configuration. */
import type { Database } from 'better-sqlite3';
import type { ExperimentConfig } from '../contract/config.ts';
import type { ExperimentKind } from '../contract/experiments.ts';
import type { SnapshotInfo } from '../contract/snapshots.ts';
import { prepared } from './database.ts';

export interface ExperimentRow {
  readonly id: number;
  readonly name: string;
  /** Without the values of its environment variables; those are in `sealedEnv`. */
  readonly config: ExperimentConfig;
  /** Environment variables, encrypted (they often hold keys); null = none. */
  readonly sealedEnv: string | null;
  /** The environment of the shell it was submitted from, encrypted; null = none came along. */
  readonly sealedShell: string | null;
  readonly sourceDir: string | null;
  readonly snapshot: string | null;
  /** null = no snapshot, or one from before this was noted. */
  readonly snapshotInfo: SnapshotInfo | null;
  /** Trials work in `sourceDir` itself; there is no snapshot then. */
  readonly inPlace: boolean;
  /** Several trials are a sweep, or a search when they are made as it goes. */
  readonly kind: ExperimentKind;
  readonly createdAtMs: number;
}

type Raw = Omit<ExperimentRow, 'config' | 'inPlace' | 'snapshotInfo'> & {
  config: string;
  inPlace: number;
  snapshotInfo: string | null;
};
const COLUMNS = `id, name, config, sealed_env AS sealedEnv, sealed_shell AS sealedShell, source_dir AS sourceDir, snapshot, snapshot_info AS snapshotInfo,
  in_place AS inPlace, kind, created_at_ms AS createdAtMs`;
const fromRaw = (raw: Raw): ExperimentRow => ({
  ...raw,
  config: JSON.parse(raw.config) as ExperimentConfig,
  inPlace: raw.inPlace !== 0,
  snapshotInfo: raw.snapshotInfo === null ? null : (JSON.parse(raw.snapshotInfo) as SnapshotInfo),
});

export function insertExperiment(
  db: Database,
  row: Omit<ExperimentRow, 'id' | 'inPlace' | 'snapshotInfo' | 'sealedShell' | 'kind'> & {
    readonly inPlace?: boolean;
    readonly snapshotInfo?: SnapshotInfo | null;
    readonly sealedShell?: string | null;
    readonly kind?: ExperimentKind;
    readonly idempotencyKey: string | null;
  },
): number {
  return Number(
    prepared(
      db,
      `INSERT INTO experiment
      (name, config, sealed_env, sealed_shell, source_dir, snapshot, snapshot_info, in_place, idempotency_key, kind, created_at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      row.name,
      JSON.stringify(row.config),
      row.sealedEnv,
      row.sealedShell ?? null,
      row.sourceDir,
      row.snapshot,
      row.snapshotInfo == null ? null : JSON.stringify(row.snapshotInfo),
      row.inPlace === true ? 1 : 0,
      row.idempotencyKey,
      row.kind ?? 'single',
      row.createdAtMs,
    ).lastInsertRowid,
  );
}

export function getExperiment(db: Database, id: number): ExperimentRow | null {
  const raw = prepared(db, `SELECT ${COLUMNS} FROM experiment WHERE id = ?`).get(id) as Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

/** The trials an earlier submit with this key made; null when there was none. */
export function findSubmit(
  db: Database,
  idempotencyKey: string,
): { experimentId: number; trialIds: number[]; name: string } | null {
  const row = prepared(db, 'SELECT id, name FROM experiment WHERE idempotency_key = ?').get(idempotencyKey) as
    { id: number; name: string } | undefined;
  if (row === undefined) return null;
  return { experimentId: row.id, trialIds: listTrialIdsOf(db, row.id), name: row.name };
}

/** The latest first. @param before only those with a smaller number; null = from the latest on */
export function listExperiments(
  db: Database,
  {
    before,
    kind,
    limit,
  }: { readonly before: number | null; readonly kind: ExperimentKind | null; readonly limit: number },
): ExperimentRow[] {
  return (
    prepared(
      db,
      `SELECT ${COLUMNS} FROM experiment WHERE id < ? AND (? IS NULL OR kind = ?) ORDER BY id DESC LIMIT ?`,
    ).all(before ?? Number.MAX_SAFE_INTEGER, kind, kind, limit) as Raw[]
  ).map(fromRaw);
}

export function listTrialIdsOf(db: Database, experimentId: number): number[] {
  return (
    prepared(db, 'SELECT id FROM trial WHERE experiment_id = ? ORDER BY id').all(experimentId) as { id: number }[]
  ).map((row) => row.id);
}

/** So many of the latest submits are looked at for what is offered again. */
const LATEST = 1_000;

/** @returns the directories of the latest submits, latest first, each once */
/** Experiments whose trials have saved checkpoints. */
export function listExperimentIds(db: Database): number[] {
  return prepared(
    db,
    'SELECT DISTINCT experiment_id FROM trial WHERE id IN (SELECT trial_id FROM checkpoint) ORDER BY experiment_id',
  )
    .pluck()
    .all() as number[];
}

export function listRecentDirectories(db: Database, limit: number): string[] {
  return prepared(
    db,
    `SELECT source_dir FROM (SELECT id, source_dir FROM experiment ORDER BY id DESC LIMIT ${LATEST})
    WHERE source_dir IS NOT NULL GROUP BY source_dir ORDER BY MAX(id) DESC LIMIT ?`,
  )
    .pluck()
    .all(limit) as string[];
}

/** @returns the labels of the latest trials, latest first, each once */
export function listRecentLabels(db: Database, limit: number): string[] {
  return prepared(
    db,
    `SELECT label.value FROM (SELECT id, labels FROM trial ORDER BY id DESC LIMIT ${LATEST}) AS latest, json_each(latest.labels) AS label
    GROUP BY label.value ORDER BY MAX(latest.id) DESC LIMIT ?`,
  )
    .pluck()
    .all(limit) as string[];
}

export function deleteExperiment(db: Database, id: number): void {
  prepared(db, 'DELETE FROM experiment WHERE id = ?').run(id);
}

export function snapshotInUse(db: Database, snapshot: string): boolean {
  return prepared(db, 'SELECT 1 FROM experiment WHERE snapshot = ? LIMIT 1').get(snapshot) !== undefined;
}
