/**
 * The machine as the forecast imagines it at some time ahead: who is queued, who runs until when, what is left to share.
 * Changed in place by the forecast only.
 */
import { firstOf } from '../plan/lines.ts';
import { compareInQueue, endOf, finiteOr, readActive, readLease, readPools, splitQueue } from '../plan/read-input.ts';
import type { PlanInput, PlanOutput, PlanPool, PlanTrial, TrialKey } from '../plan/model.ts';
import type { PlanSlot } from '../../gpus/plan-slot.ts';
import type { Credits } from '../plan/fair-ledger.ts';
import { poolOpenState, type OpenState } from '../pool-hours.ts';

/** A trial that was asked to stop is taken to be gone this much later. */
const SOON_MS = 10_000;

export interface ActiveTrial {
  readonly trial: PlanTrial;
  /** Infinity = unknown. */
  readonly endsAtMs: number;
  /** Set where it stops for another: queued again at its end, with so much left to do (Infinity = unknown). */
  readonly leftMs: number | null;
}

export interface Simulated {
  readonly pools: readonly PlanPool[];
  slots: PlanSlot[];
  queued: PlanTrial[];
  active: ActiveTrial[];
  /** The queued trials that are forecast. */
  readonly considered: readonly PlanTrial[];
  /** Pools with more queued trials than are looked at. */
  readonly cutOff: ReadonlySet<string>;
  /** Trial -> its first start. */
  readonly starts: Map<TrialKey, { readonly atMs: number; readonly slots: readonly string[] }>;
  /** Pool -> latest known end. */
  readonly lastEndMs: Map<string, number>;
  /** Pools with hours -> whether they are open. */
  readonly open: Map<string, OpenState>;
  /** Under fair share, see PlanInput. */
  credits: Credits | null;
  /** Those that have run to their end since. */
  readonly ended: Set<TrialKey>;
  /** Some trials are held back until a known time, or until others have ended. */
  readonly hasHolds: boolean;
  /** Something ended or began since the last plan. */
  changed: boolean;
}

export function newForecastState(input: PlanInput, nowMs: number, maxEntries: number): Simulated {
  const pools = firstPools(input);
  const known = new Set(pools.map((pool) => pool.id));
  const considered: PlanTrial[] = [];
  const cutOff = new Set<string>();
  for (const [poolId, queue] of splitQueue(input)) {
    if (!known.has(poolId)) continue;
    considered.push(...firstOf(queue, maxEntries));
    if (queue.length > maxEntries) cutOff.add(poolId);
  }
  const state: Simulated = {
    pools,
    slots: Array.isArray(input.slots) ? [...input.slots] : [],
    queued: [...considered],
    active: [],
    considered,
    cutOff,
    starts: new Map(),
    lastEndMs: new Map(),
    open: new Map(),
    credits: input.credits instanceof Map ? (input.credits as Credits) : null,
    ended: new Set(),
    hasHolds: considered.some((trial) => holdEndOf(trial) !== null || awaitsOf(trial).length > 0),
    changed: true,
  };
  for (const trial of readActive(input)) {
    const known = endOf(trial, nowMs);
    // Without an end of its own one that stops is gone soon; nothing ends in the past.
    const endsAtMs = trial.state === 'releasing' && known === Infinity ? nowMs + SOON_MS : Math.max(nowMs + 1, known);
    setActive(state, { trial, endsAtMs, leftMs: null });
  }
  return state;
}

/** The pools the planner will plan, with an opening time that can be compared. */
function firstPools(input: PlanInput): PlanPool[] {
  const wanted = new Set(readPools(input).map((rules) => rules.id));
  return wanted.size === 0
    ? []
    : input.pools
        .filter((pool) => wanted.delete(pool?.id))
        .map((pool) => ({ ...pool, opensAtMs: finiteOr(pool.opensAtMs, null) }));
}

function setActive(state: Simulated, active: ActiveTrial): void {
  state.active.push(active);
  const { poolId } = active.trial;
  if (active.endsAtMs !== Infinity)
    state.lastEndMs.set(poolId, Math.max(state.lastEndMs.get(poolId) ?? 0, active.endsAtMs));
}

/** @returns whether planning at `atMs` could change anything. */
export function isReady(state: Simulated, atMs: number): boolean {
  if (state.queued.length === 0) return false;
  return (
    state.changed ||
    state.pools.some((pool) => pool.opensAtMs === atMs) ||
    (state.hasHolds && state.queued.some((trial) => holdEndOf(trial) === atMs))
  );
}

/** Opens and closes pools by their hours; to be called at each step of the clock. */
export function followHours(state: Simulated, atMs: number): void {
  for (const { id, hours } of state.pools) {
    if (hours == null) continue;
    const known = state.open.get(id);
    if (known !== undefined && atMs < (known.opensAtMs ?? known.closesAtMs ?? Infinity)) continue;
    const open = poolOpenState(hours, atMs);
    state.open.set(id, open);
    if (open.closedReason === null) state.changed = true;
  }
}

/** The pool as it is at that time: open or closed. */
function poolAt(state: Simulated, pool: PlanPool, atMs: number): PlanPool {
  const open = state.open.get(pool.id);
  if (open !== undefined) return { ...pool, ...open };
  return pool.opensAtMs !== null && pool.opensAtMs <= atMs ? { ...pool, closedReason: null } : pool;
}

/** @returns when the pool opens next after `atMs`; null = it is open, or nobody knows. */
export function nextOpening(state: Simulated, pool: PlanPool, atMs: number): number | null {
  const open = state.open.get(pool.id);
  const opensAtMs = open === undefined ? pool.opensAtMs : open.opensAtMs;
  return opensAtMs !== null && opensAtMs > atMs ? opensAtMs : null;
}

/** @returns when a trial that is held back may go on, ms; null = it is not held, or nobody knows. */
export function holdEndOf(trial: PlanTrial): number | null {
  return typeof trial.held === 'object' && trial.held !== null ? finiteOr(trial.held.untilMs, null) : null;
}

function awaitsOf(trial: PlanTrial): readonly TrialKey[] {
  return typeof trial.held === 'object' && Array.isArray(trial.held?.awaits) ? trial.held.awaits : [];
}

function releaseHold(trial: PlanTrial, atMs: number, ended: ReadonlySet<TrialKey>): PlanTrial {
  const endsAtMs = holdEndOf(trial);
  if (endsAtMs !== null && endsAtMs <= atMs) return { ...trial, held: null };
  const awaits = awaitsOf(trial);
  return awaits.length > 0 && awaits.every((id) => ended.has(id)) ? { ...trial, held: null } : trial;
}

/** The situation at `atMs` as the planner wants it. */
export function toInput(state: Simulated, atMs: number): PlanInput {
  state.changed = false;
  return {
    nowMs: atMs,
    pools: state.pools.map((pool) => poolAt(state, pool, atMs)),
    ...(state.credits === null ? {} : { credits: state.credits }),
    slots: state.slots,
    queued: state.hasHolds ? state.queued.map((trial) => releaseHold(trial, atMs, state.ended)) : state.queued,
    active: state.active.map(({ trial, endsAtMs }) => ({
      ...trial,
      remainingMs: endsAtMs === Infinity ? null : endsAtMs - atMs,
    })),
  };
}

export function removeEnded(state: Simulated, atMs: number): void {
  const ended = state.active.filter((active) => active.endsAtMs <= atMs);
  if (ended.length === 0) return;
  state.changed = true;
  state.active = state.active.filter((active) => active.endsAtMs > atMs);
  for (const { trial, leftMs } of ended) {
    changeShares(state, trial, 1);
    // One that was asked to stop comes back, or is gone before its end.
    if (trial.state === 'active') state.ended.add(trial.id);
    if (leftMs !== null) enqueue(state, { ...trial, state: 'queued', lease: [], remainingMs: leftMs, held: null });
  }
}

export function startTrials(state: Simulated, starts: PlanOutput['start'], atMs: number): void {
  if (starts.length === 0) return;
  const slotsById = new Map(starts.map(({ id, slots }) => [id, slots]));
  const stay: PlanTrial[] = [];
  for (const trial of state.queued) {
    const slots = slotsById.get(trial.id);
    if (slots === undefined) {
      stay.push(trial);
      continue;
    }
    slotsById.delete(trial.id);
    if (!state.starts.has(trial.id)) state.starts.set(trial.id, { atMs, slots });
    const running: PlanTrial = { ...trial, state: 'active', lease: slots };
    // Nothing takes no time at all: a run of 0 ms would never let the clock of the forecast move.
    setActive(state, { trial: running, endsAtMs: Math.max(atMs + 1, endOf(trial, atMs)), leftMs: null });
    changeShares(state, running, -1);
  }
  state.queued = stay;
}

/** A trial that was stopped for another comes back as one that is not stopped again: two cannot chase each other for ever. */
export function stopTrials(state: Simulated, preempts: PlanOutput['preempt'], atMs: number): void {
  if (preempts.length === 0) return;
  const ids = new Set(preempts.map(({ id }) => id));
  state.active = state.active.map((active) => {
    if (!ids.has(active.trial.id)) return active;
    const leftMs = active.endsAtMs === Infinity ? Infinity : active.endsAtMs - atMs;
    return {
      trial: { ...active.trial, state: 'releasing' as const, preemptible: false },
      endsAtMs: atMs + SOON_MS,
      leftMs,
    };
  });
}

function enqueue(state: Simulated, trial: PlanTrial): void {
  const at = state.queued.findIndex((other) => other.poolId === trial.poolId && compareInQueue(other, trial) > 0);
  if (at < 0) state.queued.push(trial);
  else state.queued.splice(at, 0, trial);
}

/** Keeps the memory left to share in step with the leases that begin and end. */
function changeShares(state: Simulated, trial: PlanTrial, sign: 1 | -1): void {
  const lease = new Set(readLease(trial));
  if (lease.size === 0) return;
  state.slots = state.slots.map((slot) => {
    if (!lease.has(slot?.id)) return slot;
    const isIdle = !state.active.some((active) => readLease(active.trial).includes(slot.id));
    if (isIdle) return { ...slot, shareableMiB: slot.usableMiB };
    const share = finiteOr(trial.shareMiB, null);
    const left = finiteOr(slot.shareableMiB, null);
    return share === null || left === null ? slot : { ...slot, shareableMiB: left + sign * share };
  });
}
