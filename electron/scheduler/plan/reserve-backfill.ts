/**
 * The priority policy with `reserve` backfill, the default: one walk down the queue. Trials with slots and trials
 * without are two lanes that never block each other (they share only the pool's limit on running trials).
 * In each lane the first trial that has to wait for our own trials gets a reservation; later ones fill the gaps.
 */
import {
  admit,
  claimSlots,
  isTurnedAway,
  listPreemptible,
  MAX_TRIES_BELOW,
  placeHeld,
  placeNow,
  preempt,
  setVerdict,
  standsBehind,
  startTrial,
} from './pass.ts';
import type { Pass, Reservation, Verdict } from './pass.ts';
import { lookAhead } from './lines.ts';
import { findVictims } from './preemption.ts';
import type { Holder } from './occupancy.ts';
import { fitsWithoutOurs, limitReached, place } from './placement.ts';
import type { Want } from './read-input.ts';
import { endsTooLate, mayPass, notePassing, reserve, wouldGiveBack } from './reservation.ts';
import { anyRoom } from './room.ts';
import { ShapeCache } from './shape-cache.ts';
import type { PlanTrial } from './model.ts';

/** Searches for victims per pass; beyond it the rest of the queue waits for the next pass. */
const MAX_VICTIM_SEARCHES = 500;

interface Lane {
  reservation: Reservation | null;
  /** Kinds of trial that fit nowhere. */
  readonly misfits: ShapeCache;
  /** Kinds of trial that fit but would delay the reservation. */
  readonly kept: ShapeCache;
}

interface Walk {
  readonly pass: Pass;
  readonly gpu: Lane;
  readonly cpu: Lane;
  readonly preemptible: readonly Holder[];
  victimSearches: number;
}

/** Decides the pass. */
export function planReserve(pass: Pass): void {
  const walk: Walk = {
    pass,
    gpu: newLane(),
    cpu: newLane(),
    victimSearches: 0,
    preemptible: pass.yard.rules.preemption ? listPreemptible(pass) : [],
  };
  let gpuRoom = hasHope(walk, false);
  let cpuRoom = hasHope(walk, true);
  let tries = 0;
  const { queue } = pass;
  const ahead = lookAhead(queue);
  for (let i = 0; i < queue.length; i++) {
    if (i >= pass.reasonWindow && !(gpuRoom && ahead.has(false)) && !(cpuRoom && ahead.has(true))) return;
    const trial = queue.at(i) as PlanTrial;
    ahead.passed(trial);
    if (i >= pass.reasonWindow) {
      if (!(trial.slots === 0 ? cpuRoom : gpuRoom)) continue;
      if (isTurnedAway(pass, trial) || isKnownToWait(walk, trial)) continue;
      if (++tries > MAX_TRIES_BELOW) return;
    }
    const before = pass.holders.length;
    setVerdict(pass, i, consider(walk, i, trial));
    if (pass.holders.length === before) continue;
    gpuRoom = hasHope(walk, false);
    cpuRoom = hasHope(walk, true);
  }
}

function newLane(): Lane {
  return { reservation: null, misfits: new ShapeCache(), kept: new ShapeCache() };
}

function hasHope(walk: Walk, isCpu: boolean): boolean {
  if (anyRoom(walk.pass, isCpu)) return true;
  return (
    walk.victimSearches < MAX_VICTIM_SEARCHES &&
    (walk.pass.anyReleasing || walk.preemptible.some((holder) => !walk.pass.preempted.has(holder)))
  );
}

function isKnownToWait(walk: Walk, trial: PlanTrial): boolean {
  const lane = trial.slots === 0 ? walk.cpu : walk.gpu;
  if (lane.misfits.has(trial)) return true;
  return (
    lane.reservation !== null &&
    lane.kept.has(trial) &&
    endsTooLate(walk.pass, lane.reservation, trial) &&
    !wouldGiveBack(walk.pass, lane.reservation, trial)
  );
}

function consider(walk: Walk, index: number, trial: PlanTrial): Verdict {
  const { pass } = walk;
  const want = admit(pass, trial);
  if ('kind' in want) {
    if (want.kind === 'held') keepClaim(walk, trial);
    return want;
  }
  const lane = want.slots === 0 ? walk.cpu : walk.gpu;
  const open = placeNow(pass, want);
  if (open !== null) {
    if (startPast(walk, lane, index, trial, want, open)) return { kind: 'started' };
    lane.kept.add(trial);
    const ahead = lane.reservation ?? other(walk, lane).reservation;
    return ahead === null ? { kind: 'busy' } : { kind: 'reserved', ahead: ahead.trial };
  }
  const promised = claim(walk, lane, trial, want);
  if (typeof promised !== 'string') return promised;
  (promised === 'kept' ? lane.kept : lane.misfits).add(trial);
  return waitInLine(walk, lane, trial, want);
}

/** A trial that is held back for a moment keeps its place, as far as reservations ahead of it allow. */
function keepClaim(walk: Walk, trial: PlanTrial): void {
  const { pass } = walk;
  const held = placeHeld(pass, trial);
  if (held === null) return;
  const { want, slots } = held;
  const reservations = reservationsFor(walk, want.slots === 0 ? walk.cpu : walk.gpu);
  if (!mayPassAll(pass, reservations, trial, want, slots)) return;
  for (const reservation of reservations) notePassing(pass, reservation, trial, want, slots);
  claimSlots(pass, trial, want, slots);
}

function other(walk: Walk, lane: Lane): Lane {
  return lane === walk.gpu ? walk.cpu : walk.gpu;
}

/** Starts the trial if the reservations allow it, on other slots if need be. */
function startPast(
  walk: Walk,
  lane: Lane,
  index: number,
  trial: PlanTrial,
  want: Want,
  open: readonly number[],
): boolean {
  const reservations = reservationsFor(walk, lane);
  let slots: readonly number[] | null = open;
  if (!mayPassAll(walk.pass, reservations, trial, want, slots)) {
    slots = lane.reservation === null ? null : placeNow(walk.pass, want, new Set(lane.reservation.slots));
    if (slots === null || !mayPassAll(walk.pass, reservations, trial, want, slots)) return false;
  }
  for (const reservation of reservations) notePassing(walk.pass, reservation, trial, want, slots);
  startTrial(walk.pass, index, trial, want, slots);
  return true;
}

function mayPassAll(
  pass: Pass,
  reservations: readonly Reservation[],
  trial: PlanTrial,
  want: Want,
  slots: readonly number[],
  gone: readonly Holder[] = [],
): boolean {
  return reservations.every((reservation) => mayPass(pass, reservation, trial, want, slots, gone));
}

/** The lanes meet only in the limit on running trials. */
function reservationsFor(walk: Walk, lane: Lane): readonly Reservation[] {
  const lanes = walk.pass.yard.rules.maxRunning === Infinity ? [lane] : [walk.gpu, walk.cpu];
  return lanes.flatMap((each) => each.reservation ?? []);
}

/**
 * Gives the trial slots that are coming free, or asks others to stop for it.
 * @returns kept: it would fit, but would delay a reservation
 */
function claim(walk: Walk, lane: Lane, trial: PlanTrial, want: Want): Verdict | 'kept' | 'misfit' {
  const { pass } = walk;
  const reservations = reservationsFor(walk, lane);
  let victims: readonly Holder[] = [];
  let slots = pass.anyReleasing ? place(pass.yard, pass.future, want) : null;
  if (slots === null) {
    if (walk.preemptible.length === 0 || walk.victimSearches >= MAX_VICTIM_SEARCHES) return 'misfit';
    walk.victimSearches++;
    const release = findVictims(pass, want, walk.preemptible, (victim) => standsBehind(victim, trial));
    if (release === null) return 'misfit';
    ({ victims, slots } = release);
  }
  if (!mayPassAll(pass, reservations, trial, want, slots, victims)) return 'kept';
  for (const reservation of reservations) notePassing(pass, reservation, trial, want, slots, victims);
  preempt(pass, victims, trial);
  claimSlots(pass, trial, want, slots);
  // What comes free may be more than this trial needs.
  if (victims.length > 0) for (const each of [walk.gpu, walk.cpu]) each.misfits.clear();
  return { kind: 'releasing', slots };
}

/** The trial cannot start: the first in line is promised a time. */
function waitInLine(walk: Walk, lane: Lane, trial: PlanTrial, want: Want): Verdict {
  const { pass } = walk;
  const limit = limitReached(pass.yard, pass.now, want);
  if (limit === null && !fitsWithoutOurs(pass.yard, want)) return { kind: 'busy' };
  if (lane.reservation !== null)
    return limit === null ? { kind: 'behind', ahead: lane.reservation.trial, mayFill: true } : { kind: limit };
  lane.reservation = reserve(pass, trial, want);
  if (lane.reservation === null) return { kind: limit ?? 'busy' };
  return limit === null ? { kind: 'next', reservation: lane.reservation } : { kind: limit };
}
