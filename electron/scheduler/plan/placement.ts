/**
 * Gang placement: all slots of a trial or none, in one pool. Pure.
 * A trial gets the tightest slots that suffice, so that big cards stay for those who need them: exclusive trials the
 * ones with the least usable memory, shares the ones that are shared already and then the ones with the least left.
 * Ties go to the order of the slots.
 */
import { isIdle } from './occupancy.ts';
import type { Occupancy, Yard } from './occupancy.ts';
import { matchesName } from '../../text/name-pattern.ts';
import type { Slot, Want } from './read-input.ts';

/** Least memory a slot must have for the trial, MiB; null = any. */
export function memoryNeed(want: Want): number | null {
  if (want.shareMiB === null) return want.minFreeMiB;
  return Math.max(want.shareMiB, want.minFreeMiB ?? 0);
}

function nameSuits(slot: Slot, want: Want): boolean {
  return want.gpuName === null || matchesName(want.gpuName, slot.name);
}

/** @returns whether the slot would do if none of our leases were on it. Unknown memory suits: placement by count only. */
export function suits(slot: Slot, want: Want): boolean {
  if (slot.blocked !== null || !nameSuits(slot, want)) return false;
  const need = memoryNeed(want);
  return need === null || slot.usableMiB === null || slot.usableMiB >= need;
}

/** @returns whether the slot is what the trial asks for, even if it is blocked or partly used by somebody else now. */
export function couldSuit(slot: Slot, want: Want): boolean {
  // A card that the machine does not report at present has lost its name: it may be the right one.
  if (slot.name !== '' && !nameSuits(slot, want)) return false;
  const need = memoryNeed(want);
  return need === null || slot.totalMiB === null || slot.totalMiB >= need;
}

/** @returns whether the trial would fit if none of our trials were there: what is in its way is ours. */
export function fitsWithoutOurs(yard: Yard, want: Want): boolean {
  let count = 0;
  for (const slot of yard.slots) if (suits(slot, want)) count++;
  return count >= want.slots;
}

/** @returns whether the trial can have the slot as it is occupied now. */
export function isOpen(yard: Yard, occupancy: Occupancy, index: number, want: Want): boolean {
  const slot = yard.slots[index] as Slot;
  if (!suits(slot, want) || occupancy.exclusive[index] !== 0) return false;
  if (want.shareMiB === null) return occupancy.shared[index] === 0;
  const left = occupancy.shareable[index] as number;
  // Memory that cannot be measured cannot be divided: one share at a time.
  if (Number.isNaN(left)) return occupancy.shared[index] === 0;
  return left >= (memoryNeed(want) ?? 0);
}

/** How far a pool's limits let one more trial in. */
export function limitReached(yard: Yard, occupancy: Occupancy, want: Want): 'pool_limit' | 'cpu_limit' | null {
  if (occupancy.running >= yard.rules.maxRunning) return 'pool_limit';
  if (want.slots === 0 && occupancy.cpu >= yard.rules.maxCpuTrials) return 'cpu_limit';
  return null;
}

/**
 * @param also a second occupancy in which the same slots must be open (what is promised to trials ahead)
 * @param avoid slots not to use
 * @returns the indices of the slots, in slot order ([] for a trial without slots), or null where it does not fit
 */
export function place(
  yard: Yard,
  occupancy: Occupancy,
  want: Want,
  also: Occupancy | null = null,
  avoid: ReadonlySet<number> | null = null,
): readonly number[] | null {
  if (limitReached(yard, occupancy, want) !== null) return null;
  if (also !== null && limitReached(yard, also, want) !== null) return null;
  if (want.slots === 0) return [];
  if (want.slots > yard.slots.length) return null;
  const open: number[] = [];
  for (let i = 0; i < yard.slots.length; i++) {
    if (!isOpen(yard, occupancy, i, want)) continue;
    if (also !== null && !isOpen(yard, also, i, want)) continue;
    if (avoid !== null && avoid.has(i)) continue;
    open.push(i);
  }
  if (open.length < want.slots) return null;
  if (open.length > want.slots) open.sort((a, b) => compareTightness(yard, occupancy, want, a, b));
  return open.slice(0, want.slots).sort((a, b) => a - b);
}

function compareTightness(yard: Yard, occupancy: Occupancy, want: Want, a: number, b: number): number {
  if (want.shareMiB !== null) {
    const byUse = Number(isIdle(occupancy, a)) - Number(isIdle(occupancy, b));
    if (byUse !== 0) return byUse;
  }
  const roomA = roomOf(yard, occupancy, want, a);
  const roomB = roomOf(yard, occupancy, want, b);
  return roomA === roomB ? a - b : roomA < roomB ? -1 : 1;
}

function roomOf(yard: Yard, occupancy: Occupancy, want: Want, index: number): number {
  const slot = yard.slots[index] as Slot;
  if (want.shareMiB !== null) {
    const left = occupancy.shareable[index] as number;
    if (!Number.isNaN(left)) return left;
  }
  return slot.usableMiB ?? slot.totalMiB ?? Infinity;
}
