/**
 * Operations on pools: create, change, open and close, remove. Every GPU of the workstation belongs to one pool; the workstation pool
 * owns the rest. A pool elsewhere has the GPUs of its machine and no others.
 */
import { SwitchyardError } from '../contract/errors.ts';
import type { Pool, PoolSettings } from '../contract/pools.ts';
import { kindOfTarget, type PoolTarget } from '../contract/targets.ts';
import type { Store, Tx } from '../store/database.ts';
import { deletePoolRow, getPool, insertPool, listPools, setKeptBack, updatePoolRow } from '../store/pools.ts';
import { getAttempt } from '../store/attempts.ts';
import { countByPool, listActiveTrials } from '../store/trials.ts';

export const WORKSTATION_POOL_ID = 'workstation';

/** @param cpuCount bounds how many trials without a GPU run at once by default */
export function defaultPoolSettings(cpuCount: number): PoolSettings {
  return {
    policy: 'priority',
    backfill: 'reserve',
    preemption: false,
    maxRunning: null,
    maxCpuTrials: Math.max(1, Math.floor(cpuCount / 2)),
    hours: null,
    idleMinutes: null,
    foreignThresholdMiB: 512,
  };
}

/** Creates the workstation pool on first use. */
export function ensureWorkstationPool(store: Store, cpuCount: number): void {
  if (getPool(store.db, WORKSTATION_POOL_ID) !== null) return;
  store.transact('create workstation pool', (tx) => {
    insertPool(tx.db, {
      id: WORKSTATION_POOL_ID,
      name: 'This workstation',
      kind: 'local',
      target: null,
      isDefault: true,
      state: 'open',
      gpuUuids: [],
      settings: defaultPoolSettings(cpuCount),
      revision: 1,
    });
    tx.emit({ type: 'pool.created', poolId: WORKSTATION_POOL_ID, text: 'Pool created' });
  });
}

/** @throws SwitchyardError not_found */
export function requirePool(tx: Pick<Tx, 'db'>, id: string): Pool {
  const pool = getPool(tx.db, id);
  if (pool === null) {
    throw new SwitchyardError('not_found', `There is no pool "${id}".`, {
      remedy: `Pools: ${listPools(tx.db)
        .map((p) => p.id)
        .join(', ')}.`,
    });
  }
  return pool;
}

export interface PoolEdit {
  readonly name?: string | undefined;
  readonly gpuUuids?: readonly string[] | undefined;
  readonly settings?: Partial<PoolSettings> | undefined;
  readonly target?: PoolTarget | null | undefined;
  readonly expectedRevision?: number | undefined;
}

/**
 * @param cpuCount of the machine its trials will run on
 * @param knownUuids GPUs and MIG instances of the workstation; others are refused
 */
export function createPool(
  store: Store,
  edit: PoolEdit & { readonly id?: string | undefined; readonly name: string },
  cpuCount: number,
  knownUuids: ReadonlySet<string>,
): Pool {
  return store.transact('create pool', (tx) => {
    const id = edit.id ?? slug(edit.name);
    if (getPool(tx.db, id) !== null)
      throw new SwitchyardError('illegal_state', `There is a pool "${id}" already.`, {
        remedy: 'Choose another name.',
      });
    const target = edit.target ?? null;
    if (target !== null && (edit.gpuUuids ?? []).length > 0) throw cannotClaim(edit.name);
    if (target?.provider === 'ssh') refuseSecondPoolOf(tx, target.host);
    // A machine runs one trial, with or without a GPU.
    const ofTarget = target?.provider === 'aws' ? { maxCpuTrials: target.maxMachines } : {};
    claimGpus(tx, id, edit.gpuUuids ?? [], knownUuids);
    insertPool(tx.db, {
      id,
      name: edit.name,
      kind: kindOfTarget(target),
      target,
      isDefault: false,
      state: 'open',
      gpuUuids: [...(edit.gpuUuids ?? [])],
      settings: { ...defaultPoolSettings(cpuCount), ...ofTarget, ...definedOnly(edit.settings) },
      revision: 1,
    });
    tx.emit({ type: 'pool.created', poolId: id, text: `Pool ${edit.name} created` });
    return requirePool(tx, id);
  });
}

export function updatePool(store: Store, id: string, edit: PoolEdit, knownUuids: ReadonlySet<string>): Pool {
  return store.transact('update pool', (tx) => {
    const pool = requirePool(tx, id);
    if (edit.expectedRevision !== undefined && edit.expectedRevision !== pool.revision) {
      throw new SwitchyardError('stale_revision', `Pool ${pool.name} was changed meanwhile by somebody else.`, {
        remedy: 'Look at it again, then repeat the change.',
      });
    }
    if (edit.gpuUuids !== undefined) {
      if (pool.isDefault)
        throw new SwitchyardError(
          'invalid_request',
          'The workstation pool owns every GPU that no other pool claims; it cannot claim one.',
          { remedy: 'Take the GPU out of the other pool instead.' },
        );
      if (pool.target !== null) throw cannotClaim(pool.name);
      claimGpus(tx, id, edit.gpuUuids, knownUuids);
    }
    if (edit.target !== undefined) requireSamePlace(pool, edit.target);
    updatePoolRow(tx.db, {
      ...pool,
      name: edit.name ?? pool.name,
      gpuUuids: edit.gpuUuids === undefined ? pool.gpuUuids : [...edit.gpuUuids],
      settings: { ...pool.settings, ...definedOnly(edit.settings) },
      target: edit.target === undefined ? pool.target : edit.target,
    });
    tx.emit({ type: 'pool.changed', poolId: id, text: 'Pool changed' });
    return requirePool(tx, id);
  });
}

function cannotClaim(name: string): SwitchyardError {
  return new SwitchyardError(
    'invalid_request',
    `${name} has the GPUs of another machine; it cannot have one of this workstation.`,
    { remedy: 'Give the GPU to a pool of this workstation.' },
  );
}

/** Where a pool's trials are cannot change under them; what is asked for there can. */
function requireSamePlace(pool: Pool, target: PoolTarget | null): void {
  if (placeOf(pool.target) === placeOf(target)) return;
  throw new SwitchyardError('invalid_request', `The pool ${pool.name} stays where it is.`, {
    remedy: 'Add another pool for the other place, move the trials there, then remove this one.',
    path: 'target',
  });
}

function placeOf(target: PoolTarget | null): string {
  if (target === null) return 'local';
  return target.provider === 'ssh' ? `ssh ${target.host} ${target.root}` : `${target.provider} ${target.account}`;
}

/** Two pools on one machine would give each of its GPUs away twice. */
function refuseSecondPoolOf(tx: Tx, host: string): void {
  const there = listPools(tx.db).find(({ target }) => target?.provider === 'ssh' && target.host === host);
  if (there === undefined) return;
  throw new SwitchyardError('illegal_state', `Pool ${there.name} is on ${host} already.`, {
    path: 'target.host',
    remedy: `Submit to ${there.id}, or remove it first with: switchyard pool rm ${there.id}`,
  });
}

/** A GPU leaves the pool that had it: one owner at any time. */
function claimGpus(tx: Tx, id: string, uuids: readonly string[], known: ReadonlySet<string>): void {
  for (const uuid of uuids) requireSlot(uuid, known);
  const claimed = new Set(uuids);
  for (const other of listPools(tx.db)) {
    if (other.id === id || !other.gpuUuids.some((uuid) => claimed.has(uuid))) continue;
    updatePoolRow(tx.db, { ...other, gpuUuids: other.gpuUuids.filter((uuid) => !claimed.has(uuid)) });
    tx.emit({ type: 'pool.changed', poolId: other.id, text: `A GPU went to pool ${id}` });
  }
}

export interface SlotEdit {
  /** Its owner wants it: nothing is placed on it. */
  readonly keptBack?: boolean | undefined;
  /** The workstation pool takes a slot by nobody else claiming it. */
  readonly poolId?: string | undefined;
}

/**
 * Changes one slot, all of it or nothing.
 * @param known GPUs and MIG instances of the machine; others are refused
 * @throws SwitchyardError not_found
 */
export function changeSlot(store: Store, uuid: string, edit: SlotEdit, known: ReadonlySet<string>): void {
  store.transact('change slot', (tx) => {
    requireSlot(uuid, known);
    if (
      edit.poolId !== undefined &&
      listPools(tx.db).some(({ target, id }) => target !== null && uuid.startsWith(`${id}/`))
    )
      throw new SwitchyardError('invalid_request', 'A GPU of another machine stays in the pool of that machine.');
    if (edit.keptBack !== undefined) setKeptBack(tx.db, uuid, edit.keptBack);
    if (edit.poolId === undefined) return;
    const pool = requirePool(tx, edit.poolId);
    if (pool.target !== null) throw cannotClaim(pool.name);
    claimGpus(tx, pool.isDefault ? '' : pool.id, [uuid], known);
    if (!pool.isDefault && !pool.gpuUuids.includes(uuid))
      updatePoolRow(tx.db, { ...pool, gpuUuids: [...pool.gpuUuids, uuid] });
    tx.emit({ type: 'pool.changed', poolId: pool.id, text: 'Pool got a GPU' });
  });
}

function requireSlot(uuid: string, known: ReadonlySet<string>): void {
  if (known.has(uuid)) return;
  throw new SwitchyardError('not_found', `This machine has no GPU ${uuid}.`, {
    remedy: 'List them with: switchyard gpus',
  });
}

/** pause: starts nothing; drain: starts nothing and becomes paused when its last trial ended; resume: open again. */
export function actOnPool(store: Store, id: string, action: 'pause' | 'resume' | 'drain'): Pool {
  return store.transact(
    `pool ${action}`,
    (tx) => {
      const pool = requirePool(tx, id);
      const state = action === 'pause' ? 'paused' : action === 'resume' ? 'open' : 'draining';
      if (pool.state === state) return pool;
      updatePoolRow(tx.db, { ...pool, state });
      tx.emit({ type: `pool.${action}`, poolId: id, text: `Pool ${action === 'drain' ? 'drains' : `${action}d`}` });
      return requirePool(tx, id);
    },
    'must',
  );
}

export function deletePool(store: Store, id: string): void {
  store.transact('delete pool', (tx) => {
    const pool = requirePool(tx, id);
    if (pool.isDefault) throw new SwitchyardError('illegal_state', 'The workstation pool cannot be removed.');
    const trials = countByPool(tx.db, id);
    if (trials > 0) {
      throw new SwitchyardError(
        'pool_in_use',
        `Pool ${pool.name} still has ${trials} ${trials === 1 ? 'trial' : 'trials'}.`,
        { remedy: 'Move them to another pool or cancel them, then remove the pool.' },
      );
    }
    if (pool.target !== null) requireNobodyOnTheWay(tx, pool);
    // Ended trials keep pointing at a pool; they go to the workstation's.
    tx.db.prepare('UPDATE trial SET pool_id = ? WHERE pool_id = ?').run(WORKSTATION_POOL_ID, id);
    deletePoolRow(tx.db, id);
    tx.emit({ type: 'pool.removed', poolId: id, text: `Pool ${pool.name} removed` });
  });
}

/** A trial that moves away belongs to another pool already, while its attempt elsewhere still ends and comes home. */
function requireNobodyOnTheWay(tx: Tx, pool: Pool): void {
  const moving = listActiveTrials(tx.db).filter(
    ({ id, attempt, stop }) => stop?.kind === 'move' && getAttempt(tx.db, id, attempt)?.runtime === 'remote',
  );
  const [first] = moving;
  if (first === undefined) return;
  throw new SwitchyardError(
    'pool_in_use',
    `${moving.length === 1 ? `#${first.id} is` : `${moving.length} trials are`} still on the way from a machine elsewhere.`,
    { remedy: `Remove ${pool.name} when ${moving.length === 1 ? 'it has' : 'they have'} arrived.` },
  );
}

function slug(name: string): string {
  const text = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return text === '' ? 'pool' : text;
}

function definedOnly<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, v]) => v !== undefined)) as Partial<T>;
}
