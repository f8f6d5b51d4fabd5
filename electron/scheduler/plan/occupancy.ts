/**
 * Who is on which slot of one pool, and the pool's two head counts: the scratch pad of a planning pass.
 * An Occupancy is changed in place; `copy` first to try something. Slots are named by their index in the yard.
 */
import type { Rules, Slot, Want } from './read-input.ts';
import type { PlanTrial } from './model.ts';

/** One trial on the slots of a pool: active, started in this pass, or promised slots that are coming free. */
export interface Holder extends Pick<Want, 'shareMiB'> {
  readonly trial: PlanTrial;
  /** Indices of the slots of this pool that it holds. */
  readonly slots: readonly number[];
  readonly isCpu: boolean;
  /** false: a trial of another pool that still sits on a slot of this one. It is never preempted here nor counted. */
  readonly own: boolean;
  /** releasing: its slots are about to come free; starting: started by this pass; promised: has a claim on slots that are not free yet. */
  readonly kind: 'active' | 'releasing' | 'starting' | 'promised';
  /** Expected end; Infinity = unknown. */
  readonly endsAtMs: number;
}

/** One pool at the start of a pass. */
export interface Yard {
  readonly nowMs: number;
  readonly rules: Rules;
  readonly slots: readonly Slot[];
  /** Why there may be more slots than these; null = these are all. */
  readonly slotsProblem: string | null;
}

export interface Occupancy {
  /** Exclusive leases per slot. */
  readonly exclusive: Uint32Array;
  /** Shares per slot. */
  readonly shared: Uint32Array;
  /** MiB a further share may take per slot; NaN = unknown. */
  readonly shareable: Float64Array;
  running: number;
  cpu: number;
}

/** @returns the occupancy of the yard before any holder is put on it, with the measured memory. */
export function emptyOccupancy(yard: Yard): Occupancy {
  const count = yard.slots.length;
  const shareable = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const slot = yard.slots[i] as Slot;
    shareable[i] = slot.shareableMiB ?? slot.usableMiB ?? Number.NaN;
  }
  return { exclusive: new Uint32Array(count), shared: new Uint32Array(count), shareable, running: 0, cpu: 0 };
}

export function copyOccupancy(from: Occupancy): Occupancy {
  return {
    exclusive: from.exclusive.slice(),
    shared: from.shared.slice(),
    shareable: from.shareable.slice(),
    running: from.running,
    cpu: from.cpu,
  };
}

/**
 * Records a lease that the measured memory already accounts for (an active trial).
 */
export function seat(occupancy: Occupancy, holder: Holder): void {
  for (const i of holder.slots) {
    const leases = holder.shareMiB === null ? occupancy.exclusive : occupancy.shared;
    leases[i] = (leases[i] as number) + 1;
  }
  count(occupancy, holder, 1);
}

/** Puts a new lease on the slots: `seat`, and a share takes its memory. */
export function occupy(occupancy: Occupancy, holder: Holder): void {
  seat(occupancy, holder);
  if (holder.shareMiB === null) return;
  for (const i of holder.slots) occupancy.shareable[i] = (occupancy.shareable[i] as number) - holder.shareMiB;
}

/** Takes a lease off again, whether seated or put there. A slot without leases has its whole usable memory to share. */
export function vacate(occupancy: Occupancy, holder: Holder, yard: Yard): void {
  for (const i of holder.slots) {
    const leases = holder.shareMiB === null ? occupancy.exclusive : occupancy.shared;
    leases[i] = Math.max(0, (leases[i] as number) - 1);
    if (isIdle(occupancy, i)) occupancy.shareable[i] = (yard.slots[i] as Slot).usableMiB ?? Number.NaN;
    else if (holder.shareMiB !== null) occupancy.shareable[i] = (occupancy.shareable[i] as number) + holder.shareMiB;
  }
  count(occupancy, holder, -1);
}

function count(occupancy: Occupancy, holder: Holder, by: 1 | -1): void {
  if (!holder.own) return;
  occupancy.running += by;
  if (holder.isCpu) occupancy.cpu += by;
}

/** @returns whether none of our leases is on the slot. */
export function isIdle(occupancy: Occupancy, slot: number): boolean {
  return occupancy.exclusive[slot] === 0 && occupancy.shared[slot] === 0;
}
