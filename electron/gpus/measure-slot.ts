/**
 * Whose memory is it? Splits what is used on one slot into ours and foreign, and works out what a new lease could have.
 * Pure. Memory decides; process ids only help where they are known, because processes of containers and of other users
 * may be invisible or unattributed.
 *
 * - An exclusive lease of ours on the slot: everything used there is ours.
 * - Otherwise memory of processes that belong to our trials is ours, also that of a trial which has just ended: the
 *   reading is from before, the memory is free by now.
 * - So is, just after a lease ended, memory that no process explains: the reading may be from before, and a driver takes a
 *   moment to give memory back. (Processes of MIG instances are never told apart, those of containers not always.)
 * - Otherwise memory that no listed process explains belongs to leases with a share of which nothing was measured, up to their
 *   shares; the rest is foreign.
 */
import type { GpuProcess } from '../contract/gpus.ts';
import { isCompute, judgeForeignUse, sumMiB as sum, thresholdFor } from './foreign-use.ts';
import { sayMemory, sayTime } from '../text/say.ts';
import { truncateText } from '../text/truncate.ts';

export interface SlotLease {
  readonly trialId: number;
  /** null = exclusive. */
  readonly shareMiB: number | null;
  readonly sinceMs: number;
}

/** One slot as it was read. */
export interface SlotReading {
  readonly totalMiB: number | null;
  readonly usedMiB: number | null;
  readonly freeMiB: number | null;
  /** Processes on the slot; empty for a MIG instance, whose processes are only known for the whole GPU. */
  readonly processes: readonly GpuProcess[];
  /** Whether the card shows a display. */
  readonly hasDisplay: boolean;
}

export interface SlotMeasure {
  /** null = unknown. */
  readonly foreignMiB: number | null;
  /** Largest foreign process, for example "jupyter (pid 4312)". */
  readonly foreignBy: string | null;
  /** Why foreign use makes the slot busy, for example "11 GiB used by jupyter (pid 4312)"; null = it does not. */
  readonly busyText: string | null;
  /** The threshold that would make it not busy; null = it is not, or a threshold would be no remedy. */
  readonly raiseThresholdToMiB: number | null;
  /** See PlanSlot; null = unknown. */
  readonly usableMiB: number | null;
  readonly shareableMiB: number | null;
}

const MAX_NAME = 60;
/** A driver has given the memory of a process back so long after its end. */
export const SETTLE_MS = 2_000;

/**
 * @param takenAtMs when the reading was taken: leases that began later cannot have used anything in it
 * @param freedAtMs when the last lease on the slot ended; null = none has for long
 * @param thresholdMiB foreign memory up to this does not make the slot busy
 */
export function measureSlot(
  slot: SlotReading,
  leases: readonly SlotLease[],
  takenAtMs: number,
  freedAtMs: number | null,
  thresholdMiB: number,
): SlotMeasure {
  const isExclusive = leases.some((lease) => lease.shareMiB === null);
  const strangers = isExclusive
    ? []
    : slot.processes.filter((process) => process.trialId === null && process.type !== 'G');
  const nameLargest = (processes: readonly GpuProcess[]): string | null => sayLargest(processes, takenAtMs);
  const foreignBy = nameLargest(isExclusive ? [] : slot.processes.filter((process) => process.trialId === null));
  if (slot.usedMiB === null) return measureByPresence(strangers, foreignBy, nameLargest, thresholdMiB);

  const attributed = sum(slot.processes.filter((process) => process.trialId !== null));
  const listedForeign = sum(slot.processes.filter((process) => process.trialId === null));
  const shares = leases.filter((lease) => lease.shareMiB !== null);
  let unexplained = Math.max(0, slot.usedMiB - attributed - listedForeign);
  let ours = isExclusive ? slot.usedMiB : Math.min(attributed, slot.usedMiB);
  let unallocated = 0;
  for (const lease of shares) {
    const share = lease.shareMiB ?? 0;
    let used = sum(slot.processes.filter((process) => process.trialId === lease.trialId));
    if (used === 0 && !isExclusive && lease.sinceMs <= takenAtMs) {
      used = Math.min(share, unexplained);
      unexplained -= used;
      ours += used;
    }
    unallocated += Math.max(0, share - used);
  }
  let left = endedUse(slot, leases);
  if (!isExclusive && freedAtMs !== null && takenAtMs < freedAtMs + SETTLE_MS) {
    ours += unexplained;
    left += unexplained;
  }
  // The two halves of a reading are taken one after the other: somebody who came in between is in the list but not yet in the sum.
  const foreignMiB = Math.max(0, slot.usedMiB - ours, isExclusive ? 0 : listedForeign);
  const foreign = isExclusive ? [] : slot.processes.filter((process) => process.trialId === null);
  const use = judgeForeignUse(foreignMiB, foreign, slot.hasDisplay, thresholdMiB);
  // Somebody who has most of the card is not let in by a setting.
  const isSmall = slot.totalMiB !== null && foreignMiB <= slot.totalMiB / 2;
  return {
    foreignMiB,
    foreignBy,
    busyText:
      use.busyBy === null
        ? null
        : use.busyBy === 'desktop'
          ? `${sayMemory(use.desktopMiB)} used by its desktop`
          : `${sayMemory(use.workMiB)} used by ${nameLargest(strangers) ?? 'somebody else'}${sayOthers(strangers.length)}`,
    raiseThresholdToMiB: use.busyBy !== null && isSmall ? thresholdFor(use) : null,
    ...roomOn(slot, slot.usedMiB, ours, isExclusive ? null : unallocated, left),
  };
}

/** @param unallocated what running shares may still take; null = an exclusive lease leaves nothing to share */
function roomOn(
  slot: SlotReading,
  usedMiB: number,
  ours: number,
  unallocated: number | null,
  ended: number,
): Pick<SlotMeasure, 'usableMiB' | 'shareableMiB'> {
  const free = slot.freeMiB ?? (slot.totalMiB === null ? null : Math.max(0, slot.totalMiB - usedMiB));
  if (free === null) return { usableMiB: null, shareableMiB: null };
  const most = slot.totalMiB ?? Infinity;
  return {
    usableMiB: Math.min(most, free + ours),
    shareableMiB: unallocated === null ? 0 : Math.max(0, Math.min(most, free + ended) - unallocated),
  };
}

/** Memory is not told (unified memory, or the driver does not say): a foreign compute process makes the slot busy by being there. */
function measureByPresence(
  strangers: readonly GpuProcess[],
  foreignBy: string | null,
  nameLargest: (processes: readonly GpuProcess[]) => string | null,
  thresholdMiB: number,
): SlotMeasure {
  // Desktops on such systems show up as C+G; a plain compute process is somebody's work.
  const compute = strangers.filter(isCompute);
  const isBusy = compute.some((process) => process.usedMiB === null) || sum(compute) > thresholdMiB;
  return {
    foreignMiB: null,
    foreignBy,
    busyText: isBusy ? `in use by ${nameLargest(compute) ?? 'somebody else'}${sayOthers(compute.length)}` : null,
    raiseThresholdToMiB: null,
    usableMiB: null,
    shareableMiB: null,
  };
}

/** Memory of our trials that have no lease here any more. */
function endedUse(slot: SlotReading, leases: readonly SlotLease[]): number {
  return sum(
    slot.processes.filter(
      (process) => process.trialId !== null && !leases.some((lease) => lease.trialId === process.trialId),
    ),
  );
}

/** @returns "jupyter of anna since 09:12 (pid 4312)" */
function sayLargest(processes: readonly GpuProcess[], nowMs: number): string | null {
  let largest: GpuProcess | null = null;
  for (const process of processes) {
    if (largest === null || (process.usedMiB ?? -1) > (largest.usedMiB ?? -1)) largest = process;
  }
  if (largest === null) return null;
  const { owner } = largest;
  const whose = owner === undefined ? '' : ` of ${clean(owner.user)} since ${sayTime(owner.sinceMs, nowMs)}`;
  return `${shortName(largest.name)}${whose} (pid ${largest.pid})`;
}

function sayOthers(count: number): string {
  if (count < 2) return '';
  return count === 2 ? ' and 1 other' : ` and ${count - 1} others`;
}

/** Another user's process name goes into our sentences: the last part of its path, on one line, not too long. */
function shortName(name: string): string {
  const command = name.trim().split(/\s+-/)[0] ?? '';
  const last = command.split(/[/\\]/).at(-1) ?? '';
  return clean(last) || 'a process';
}

function clean(name: string): string {
  return truncateText(name.replaceAll(/[\p{C}\s]+/gu, ' ').trim(), MAX_NAME);
}
