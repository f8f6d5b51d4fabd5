/**
 * Makes the scheduler total: every value that comes in is read through here, so NaN, missing fields, duplicates and
 * names of things that do not exist become harmless values, never exceptions. Pure.
 */
import { compareInLine, DEFAULT_PRIORITY, type Place } from '../../contract/queue-order.ts';
import type { SlotAsk } from '../../contract/trials.ts';
import type { Line, PlanInput, PlanPool, PlanTrial, TrialKey } from './model.ts';
import type { PlanSlot } from '../../gpus/plan-slot.ts';

/** What a trial asks for, checked. `slots` is a whole number of 0 or more; memory is positive MiB or null. */
export type Want = Readonly<SlotAsk>;

/** A pool's rules, checked. */
export interface Rules {
  readonly id: string;
  /** Set while the pool starts nothing: which rule says so, and the sentence. */
  readonly shut: { readonly code: 'pool_paused' | 'pool_closed'; readonly text: string } | null;
  readonly policy: 'priority' | 'fair_share';
  readonly backfill: 'reserve' | 'greedy';
  readonly preemption: boolean;
  /** Infinity = as many as fit. */
  readonly maxRunning: number;
  readonly maxCpuTrials: number;
  /** Infinity = it does not close. */
  readonly closesAtMs: number;
}

/** A slot, checked. */
export interface Slot {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly poolId: string;
  readonly blocked: PlanSlot['blocked'];
  readonly totalMiB: number | null;
  readonly usableMiB: number | null;
  readonly shareableMiB: number | null;
}

export function finiteOr<T>(value: unknown, fallback: T): number | T {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

function positiveOrNull(value: unknown): number | null {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : null;
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

/** @returns what the trial asks for, or null where its number of slots makes no sense. */
export function readWant(trial: PlanTrial): Want | null {
  const { slots } = trial;
  if (typeof slots !== 'number' || !Number.isInteger(slots) || slots < 0) return null;
  const gpuName = textOr(trial.gpuName, '').trim();
  return {
    slots,
    minFreeMiB: positiveOrNull(trial.minFreeMiB),
    gpuName: gpuName === '' ? null : gpuName,
    shareMiB: positiveOrNull(trial.shareMiB),
  };
}

/** @returns the trial's priority; one that is not a number counts as the default. */
export function priorityOf(trial: PlanTrial): number {
  return finiteOr(trial.priority, DEFAULT_PRIORITY);
}

/** @returns when the trial would end if it began (or goes on) at `nowMs`; Infinity = unknown. */
export function endOf(trial: PlanTrial, nowMs: number): number {
  const remaining = finiteOr(trial.remainingMs, null);
  return remaining === null ? Infinity : nowMs + Math.max(0, remaining);
}

/** @returns the experiment's cap in slots; Infinity = none. */
export function capOf(trial: PlanTrial): number {
  const cap = finiteOr(trial.maxSlots, null);
  return cap === null || cap < 0 ? Infinity : cap;
}

/** @returns the trial's weight for fair share; 0 is allowed, nonsense counts as 1. */
export function weightOf(trial: PlanTrial): number {
  const weight = finiteOr(trial.weight, 1);
  return weight < 0 ? 1 : weight;
}

/** The slots a trial holds or will hold, for caps and shares; nonsense counts as none. */
export function slotCount(trial: PlanTrial): number {
  return readWant(trial)?.slots ?? 0;
}

function readRules(pool: PlanPool): Rules {
  const settings: Partial<PlanPool['settings']> = isObject(pool.settings) ? pool.settings : {};
  let shut: Rules['shut'] = null;
  if (pool.state === 'paused') shut = { code: 'pool_paused', text: 'the pool is paused' };
  else if (pool.state === 'draining')
    shut = { code: 'pool_paused', text: 'the pool is draining and starts nothing new' };
  else if (typeof pool.closedReason === 'string') shut = { code: 'pool_closed', text: pool.closedReason };
  return {
    id: pool.id,
    shut,
    policy: settings.policy === 'fair_share' ? 'fair_share' : 'priority',
    backfill: settings.backfill === 'greedy' ? 'greedy' : 'reserve',
    preemption: settings.preemption === true,
    maxRunning: finiteOr(settings.maxRunning, Infinity),
    maxCpuTrials: finiteOr(settings.maxCpuTrials, 0),
    closesAtMs: finiteOr(pool.closesAtMs, Infinity),
  };
}

function readSlot(slot: PlanSlot): Slot {
  const blocked = isObject(slot.blocked) ? slot.blocked : null;
  return {
    id: slot.id,
    label: textOr(slot.label, slot.id),
    name: textOr(slot.name, ''),
    poolId: textOr(slot.poolId, ''),
    blocked:
      blocked === null
        ? null
        : {
            code: textOr(blocked.code, 'gpu_unknown') as 'gpu_unknown',
            text: textOr(blocked.text, 'not usable'),
            ...(finiteOr(blocked.raiseThresholdToMiB, null) === null
              ? {}
              : { raiseThresholdToMiB: blocked.raiseThresholdToMiB as number }),
          },
    totalMiB: finiteOr(slot.totalMiB, null),
    usableMiB: finiteOr(slot.usableMiB, null),
    shareableMiB: finiteOr(slot.shareableMiB, null),
  };
}

/** @returns the input itself, or an empty one where it is no object at all. */
export function readInput(input: PlanInput): PlanInput {
  return isObject(input) ? input : { nowMs: 0, pools: [], slots: [], queued: [], active: [] };
}

/** @returns the pools in their order, first of each id. */
export function readPools(input: PlanInput): readonly Rules[] {
  const seen = new Set<string>();
  const rules: Rules[] = [];
  for (const pool of listOf(input.pools)) {
    if (!isObject(pool) || typeof pool.id !== 'string' || seen.has(pool.id)) continue;
    seen.add(pool.id);
    rules.push(readRules(pool));
  }
  return rules;
}

/** @returns the slots in their order, first of each id. */
export function readSlots(input: PlanInput): readonly Slot[] {
  const seen = new Set<string>();
  const slots: Slot[] = [];
  for (const slot of listOf(input.slots)) {
    if (!isObject(slot) || typeof slot.id !== 'string' || seen.has(slot.id)) continue;
    seen.add(slot.id);
    slots.push(readSlot(slot));
  }
  return slots;
}

/** @returns the active trials, first of each id. */
export function readActive(input: PlanInput): readonly PlanTrial[] {
  const seen = new Set<TrialKey>();
  const active: PlanTrial[] = [];
  for (const trial of listOf(input.active)) {
    if (!isObject(trial) || seen.has(trial.id)) continue;
    seen.add(trial.id);
    active.push(trial);
  }
  return active;
}

/** @returns ids of the slots the trial holds, each once. */
export function readLease(trial: PlanTrial): readonly string[] {
  return [...new Set(listOf(trial.lease))];
}

/** @returns pool id -> its queued trials in queue order; trials of unknown pools are there too, under the name they give. */
export function splitQueue(input: PlanInput): ReadonlyMap<string, Line> {
  if (input.lines instanceof Map) return input.lines as ReadonlyMap<string, Line>;
  const queued = listOf(input.queued);
  const stretches = splitStretches(queued);
  if (stretches !== null) return stretches;
  const queues = new Map<string, PlanTrial[]>();
  for (const trial of queued) {
    if (!isObject(trial)) continue;
    const key = textOr(trial.poolId, '');
    const queue = queues.get(key);
    if (queue === undefined) queues.set(key, [trial]);
    else queue.push(trial);
  }
  for (const queue of queues.values()) if (!isInOrder(queue)) queue.sort(compareInQueue);
  return queues;
}

/**
 * The quick way for a long queue as the engine passes it: pool after pool, each in order.
 * @returns null where the trials are mixed, malformed or out of order
 */
function splitStretches(queued: readonly PlanTrial[]): ReadonlyMap<string, readonly PlanTrial[]> | null {
  const queues = new Map<string, readonly PlanTrial[]>();
  for (let from = 0; from < queued.length;) {
    const to = endOfStretch(queued, from);
    const poolId = queued[from]?.poolId;
    if (to === from || typeof poolId !== 'string' || queues.has(poolId)) return null;
    queues.set(poolId, from === 0 && to === queued.length ? queued : queued.slice(from, to));
    from = to;
  }
  return queues;
}

/** @returns the end of the stretch of ordered trials of one pool that begins at `from`; `from` where that one is malformed. */
function endOfStretch(queued: readonly PlanTrial[], from: number): number {
  let before: PlanTrial | undefined;
  let i = from;
  for (; i < queued.length; i++) {
    const trial = queued[i] as PlanTrial;
    if (!isObject(trial)) return from;
    if (before !== undefined && (trial.poolId !== before.poolId || compareInQueue(before, trial) > 0)) break;
    before = trial;
  }
  return i;
}

function isInOrder(queue: readonly PlanTrial[]): boolean {
  return queue.every((trial, index) => index === 0 || compareInQueue(queue[index - 1] as PlanTrial, trial) <= 0);
}

/** The order of the queue for trials as the plan gets them. */
export function compareInQueue(a: PlanTrial, b: PlanTrial): number {
  return compareInLine(placeOf(a), placeOf(b));
}

function placeOf(trial: PlanTrial): Place {
  return { priority: priorityOf(trial), rank: trial.rank, id: finiteOr(trial.submitOrder, 0) };
}
