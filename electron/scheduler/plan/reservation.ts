/**
 * The reservation of the head of a queue, and who may pass it. Pure.
 *
 * The head is the first trial that does not fit although only our own trials are in its way. It is promised the
 * earliest time at which enough of them end. A trial behind it may start only if the head can still start then:
 * it ends before, or the head fits beside it, or it would give its slots back (preemptible, in a pool with preemption).
 * Where the time depends on a trial whose end is unknown, every slot that the head could use stays free for it.
 * A trial that waits for somebody else (a foreign process, an unhealthy card) is promised nothing: that wait has no
 * end that could be estimated, and idle GPUs would wait with it.
 */
import { copyOccupancy, occupy, vacate } from './occupancy.ts';
import type { Holder, Occupancy } from './occupancy.ts';
import { canMakeRoom } from './preemption.ts';
import { heldByExperimentOf, holderFor, standsBehind } from './pass.ts';
import type { Pass, Reservation } from './pass.ts';
import { isOpen, place, suits } from './placement.ts';
import { capOf, endOf } from './read-input.ts';
import type { Slot, Want } from './read-input.ts';
import type { PlanTrial } from './model.ts';

/** @returns the earliest time the trial fits, or null where it would not fit even with every other trial of ours gone. */
export function reserve(pass: Pass, trial: PlanTrial, want: Want): Reservation | null {
  const { yard } = pass;
  const then = copyOccupancy(pass.future);
  const there = pass.holders.filter((holder) => holder.kind !== 'releasing' && !pass.preempted.has(holder));
  // Whoever would be asked to stop for the trial does not put its time off.
  const gone = new Set(
    there.filter(
      (holder) =>
        holder.own &&
        holder.kind !== 'promised' &&
        canMakeRoom(pass.yard, holder.isCpu, want) &&
        wouldStopFor(pass, holder.trial, trial),
    ),
  );
  for (const holder of gone) vacate(then, holder, yard);
  if (place(yard, then, want) !== null) return null;
  const ends = there
    .filter((holder) => !gone.has(holder))
    .sort((a, b) => (a.endsAtMs === b.endsAtMs ? 0 : a.endsAtMs - b.endsAtMs));
  for (let i = 0; i < ends.length;) {
    const atMs = (ends[i] as Holder).endsAtMs;
    for (; i < ends.length && (ends[i] as Holder).endsAtMs === atMs; i++) {
      vacate(then, ends[i] as Holder, yard);
      gone.add(ends[i] as Holder);
    }
    // Slots that are idle already are left to others where there is a choice: they can fill them in the meantime.
    const slots = place(yard, then, want, null, openNow(pass, want)) ?? place(yard, then, want);
    if (slots !== null) return { trial, want, atMs, then, gone, slots };
  }
  return null;
}

function openNow(pass: Pass, want: Want): ReadonlySet<number> {
  const open = new Set<number>();
  for (let i = 0; i < pass.yard.slots.length; i++) if (isOpen(pass.yard, pass.now, i, want)) open.add(i);
  return open;
}

/**
 * @param stopping active trials that would be asked to stop to let the trial in
 * @returns whether the trial may take the slots although it stands behind the reservation
 */
export function mayPass(
  pass: Pass,
  reservation: Reservation,
  trial: PlanTrial,
  want: Want,
  slots: readonly number[],
  stopping: readonly Holder[] = [],
): boolean {
  // Even for a while: the head would be waiting for its cap meanwhile, and who waits for that has no reservation.
  if (breaksCap(pass, reservation, trial, want)) return false;
  if (!staysPut(pass, reservation, trial)) return true;
  const { yard } = pass;
  if (reservation.atMs === Infinity && slots.some((i) => suits(yard.slots[i] as Slot, reservation.want))) return false;
  const then = copyOccupancy(reservation.then);
  apply(pass, reservation, then, want, slots, trial, stopping);
  return place(yard, then, reservation.want) !== null;
}

/** Makes the reservation take into account a trial that passed it. */
export function notePassing(
  pass: Pass,
  reservation: Reservation,
  trial: PlanTrial,
  want: Want,
  slots: readonly number[],
  stopping: readonly Holder[] = [],
): void {
  if (staysPut(pass, reservation, trial)) apply(pass, reservation, reservation.then, want, slots, trial, stopping);
}

function apply(
  pass: Pass,
  reservation: Reservation,
  then: Occupancy,
  want: Want,
  slots: readonly number[],
  trial: PlanTrial,
  stopping: readonly Holder[],
): void {
  for (const victim of stopping) if (!reservation.gone.has(victim)) vacate(then, victim, pass.yard);
  occupy(then, holderFor(pass, trial, want, slots, 'starting'));
}

/** Whether the trial would still be there when the reservation is due. */
function staysPut(pass: Pass, reservation: Reservation, trial: PlanTrial): boolean {
  return endsTooLate(pass, reservation, trial) && !wouldGiveBack(pass, reservation, trial);
}

/** Whether the trial is not known to end before the reservation is due. */
export function endsTooLate(pass: Pass, reservation: Reservation, trial: PlanTrial): boolean {
  return reservation.atMs === Infinity || endOf(trial, pass.yard.nowMs) > reservation.atMs;
}

/** Whether the trial would be asked to stop for the head, and would. */
export function wouldGiveBack(pass: Pass, reservation: Reservation, trial: PlanTrial): boolean {
  return canMakeRoom(pass.yard, trial.slots === 0, reservation.want) && wouldStopFor(pass, trial, reservation.trial);
}

function wouldStopFor(pass: Pass, trial: PlanTrial, head: PlanTrial): boolean {
  // Under fair share it is not the place in the queue that decides who is stopped for whom.
  const { preemption, policy } = pass.yard.rules;
  return preemption && policy === 'priority' && trial.preemptible === true && standsBehind(trial, head);
}

/** Whether both together would exceed the cap of an experiment they share. */
function breaksCap(pass: Pass, reservation: Reservation, trial: PlanTrial, want: Want): boolean {
  return (
    trial.experimentId === reservation.trial.experimentId &&
    heldByExperimentOf(pass, trial) + want.slots + reservation.want.slots > capOf(reservation.trial)
  );
}
