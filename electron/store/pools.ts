/** Rows of the pool and slot_setting tables. */
import type { Database } from 'better-sqlite3';
import type { Pool, PoolSettings } from '../contract/pools.ts';
import { kindOfTarget, type PoolTarget } from '../contract/targets.ts';
import { prepared } from './database.ts';

interface Raw {
  id: string;
  name: string;
  is_default: number;
  state: Pool['state'];
  gpu_uuids: string;
  settings: string;
  target: string | null;
  revision: number;
}

function fromRaw(raw: Raw): Pool {
  const target = raw.target === null ? null : (JSON.parse(raw.target) as PoolTarget);
  return {
    id: raw.id,
    name: raw.name,
    kind: kindOfTarget(target),
    target,
    isDefault: raw.is_default === 1,
    state: raw.state,
    gpuUuids: JSON.parse(raw.gpu_uuids) as string[],
    settings: JSON.parse(raw.settings) as PoolSettings,
    revision: raw.revision,
  };
}

const toText = (target: PoolTarget | null): string | null => (target === null ? null : JSON.stringify(target));

/** The workstation pool first, then by name. */
export function listPools(db: Database): Pool[] {
  return (prepared(db, 'SELECT * FROM pool ORDER BY is_default DESC, name, id').all() as Raw[]).map(fromRaw);
}

export function getPool(db: Database, id: string): Pool | null {
  const raw = prepared(db, 'SELECT * FROM pool WHERE id = ?').get(id) as Raw | undefined;
  return raw === undefined ? null : fromRaw(raw);
}

export function insertPool(db: Database, pool: Pool): void {
  prepared(
    db,
    'INSERT INTO pool (id, name, is_default, state, gpu_uuids, settings, target, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(
    pool.id,
    pool.name,
    pool.isDefault ? 1 : 0,
    pool.state,
    JSON.stringify(pool.gpuUuids),
    JSON.stringify(pool.settings),
    toText(pool.target),
    pool.revision,
  );
}

/** Writes name, state, GPUs, settings and target and raises the revision by one. */
export function updatePoolRow(db: Database, pool: Pool): void {
  prepared(
    db,
    'UPDATE pool SET name = ?, state = ?, gpu_uuids = ?, settings = ?, target = ?, revision = revision + 1 WHERE id = ?',
  ).run(
    pool.name,
    pool.state,
    JSON.stringify(pool.gpuUuids),
    JSON.stringify(pool.settings),
    toText(pool.target),
    pool.id,
  );
}

export function deletePoolRow(db: Database, id: string): void {
  prepared(db, 'DELETE FROM pool WHERE id = ?').run(id);
}

/** GPUs and MIG instances the owner keeps for himself. */
export function listKeptBack(db: Database): Set<string> {
  return new Set(
    (prepared(db, 'SELECT uuid FROM slot_setting WHERE kept_back = 1').all() as { uuid: string }[]).map(
      (row) => row.uuid,
    ),
  );
}

export function setKeptBack(db: Database, uuid: string, keptBack: boolean): void {
  prepared(
    db,
    'INSERT INTO slot_setting (uuid, kept_back) VALUES (?, ?) ON CONFLICT (uuid) DO UPDATE SET kept_back = excluded.kept_back',
  ).run(uuid, keptBack ? 1 : 0);
}
