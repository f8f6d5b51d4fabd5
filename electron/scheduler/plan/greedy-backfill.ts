/**
 * The priority policy with `greedy` backfill: Determined's rule, priority by priority.
 * Inside one priority every trial that fits starts, whoever waits ahead of it. As soon as a trial of some priority
 * does not fit (even one that never can), lower priorities start only what is preemptible, and only in a pool with
 * preemption; once slots are being released for somebody, lower priorities start nothing in that pass.
 * Trials with slots and trials without are decided independently. Victims that are not needed are spared,
 * where Determined keeps them.
 */
import { compareRanks } from '../../contract/queue-order.ts';
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
import type { Pass } from './pass.ts';
import { findVictims } from './preemption.ts';
import type { Holder } from './occupancy.ts';
import { fitsWithoutOurs, limitReached, place } from './placement.ts';
import { capOf, priorityOf } from './read-input.ts';
import type { Want } from './read-input.ts';
import { anyRoom } from './room.ts';
import { ShapeCache } from './shape-cache.ts';
import type { PlanTrial } from './model.ts';

/** Trials per priority that are tried with preemption in one pass. */
const MAX_UNSUCCESSFUL = 500;

interface Candidate {
  readonly index: number;
  readonly trial: PlanTrial;
  readonly want: Want;
}

interface Lane {
  readonly isCpu: boolean;
  /** A higher priority has a trial that did not fit: the first such. */
  backfilling: PlanTrial | null;
  /** Slots are being released for a higher priority. */
  released: boolean;
  /** The same for the priority at hand; they count from the next one on. */
  failed: PlanTrial | null;
  releasing: boolean;
  readonly unsuccessful: Candidate[];
  readonly misfits: ShapeCache;
}

/** Decides the pass. */
export function planGreedy(pass: Pass): void {
  const lanes = [newLane(false), newLane(true)] as const;
  const preemptible = pass.yard.rules.preemption ? listPreemptible(pass) : [];
  const { queue } = pass;
  let tries = 0;
  for (let from = 0; from < queue.length;) {
    const priority = priorityOf(queue.at(from) as PlanTrial);
    let to = from;
    for (; to < queue.length && priorityOf(queue.at(to) as PlanTrial) === priority; to++) {
      const trial = queue.at(to) as PlanTrial;
      const lane = lanes[trial.slots === 0 ? 1 : 0];
      if (to >= pass.reasonWindow) {
        if (lanes.every((each) => isClosed(pass, each, preemptible))) return;
        if (isTurnedAway(pass, trial)) continue;
        if (isClosed(pass, lane, preemptible) || lane.misfits.has(trial) || ++tries > MAX_TRIES_BELOW) {
          lane.failed ??= trial;
          continue;
        }
      }
      consider(pass, lane, to, trial, preemptible);
    }
    for (const lane of lanes) {
      for (const candidate of lane.unsuccessful) makeRoom(pass, lane, candidate, preemptible);
      endPriority(lane);
    }
    from = to;
  }
}

function newLane(isCpu: boolean): Lane {
  return {
    isCpu,
    backfilling: null,
    released: false,
    failed: null,
    releasing: false,
    unsuccessful: [],
    misfits: new ShapeCache(),
  };
}

/** Whether nothing of the lane can start or be given room any more in this pass. */
function isClosed(pass: Pass, lane: Lane, preemptible: readonly Holder[]): boolean {
  if (preemptible.length > 0 || pass.anyReleasing) return lane.unsuccessful.length >= MAX_UNSUCCESSFUL;
  return lane.released || !anyRoom(pass, lane.isCpu) || (lane.backfilling !== null && !pass.yard.rules.preemption);
}

function consider(pass: Pass, lane: Lane, index: number, trial: PlanTrial, preemptible: readonly Holder[]): void {
  const want = admit(pass, trial);
  if ('kind' in want) {
    if (want.kind === 'impossible') lane.failed ??= trial;
    const held = want.kind === 'held' && mayBackfill(pass, lane, trial) ? placeHeld(pass, trial) : null;
    if (held !== null) claimSlots(pass, trial, held.want, held.slots);
    return setVerdict(pass, index, want);
  }
  const slots = placeNow(pass, want);
  if (slots !== null) {
    if (lane.released) {
      claimSlots(pass, trial, want, slots);
      return setVerdict(pass, index, { kind: 'releasing', slots });
    }
    if (!mayBackfill(pass, lane, trial)) {
      return setVerdict(pass, index, { kind: 'behind', ahead: lane.backfilling ?? trial, mayFill: false });
    }
    startTrial(pass, index, trial, want, slots);
    return;
  }
  const promised = pass.anyReleasing && mayBackfill(pass, lane, trial) ? place(pass.yard, pass.future, want) : null;
  lane.failed ??= trial;
  if (promised !== null) {
    claimSlots(pass, trial, want, promised);
    lane.releasing = true;
    return setVerdict(pass, index, { kind: 'releasing', slots: promised });
  }
  // Where ranks are known, room is made at once: those behind would start only to be asked to stop in the next pass.
  if (compareRanks(trial.rank, trial.rank) !== null && makeRoom(pass, lane, { index, trial, want }, preemptible))
    return;
  lane.misfits.add(trial);
  if (capOf(trial) !== Infinity)
    pass.keptOfCap.set(trial.experimentId, Math.max(pass.keptOfCap.get(trial.experimentId) ?? 0, want.slots));
  if (lane.unsuccessful.length < MAX_UNSUCCESSFUL) lane.unsuccessful.push({ index, trial, want });
  const ahead = lane.backfilling ?? (lane.failed === trial ? null : lane.failed);
  const limit = limitReached(pass.yard, pass.now, want);
  if (limit !== null) return setVerdict(pass, index, { kind: limit });
  const isOwnFault = ahead === null || !fitsWithoutOurs(pass.yard, want);
  setVerdict(
    pass,
    index,
    isOwnFault ? { kind: 'busy' } : { kind: 'behind', ahead, mayFill: lane.backfilling === null },
  );
}

/** Whether the trial could start at all while a higher priority has one that does not fit. */
function mayBackfill(pass: Pass, lane: Lane, trial: PlanTrial): boolean {
  return lane.backfilling === null || (pass.yard.rules.preemption && trial.preemptible === true);
}

/** Asks others to stop for a trial that did not fit, unless what is released already will do. @returns whether it was promised slots */
function makeRoom(pass: Pass, lane: Lane, candidate: Candidate, preemptible: readonly Holder[]): boolean {
  const { index, trial, want } = candidate;
  // Nobody stops for a trial that would not start then.
  if (!mayBackfill(pass, lane, trial)) return false;
  let victims: readonly Holder[] = [];
  let slots = pass.anyReleasing ? place(pass.yard, pass.future, want) : null;
  if (slots === null) {
    const release =
      preemptible.length === 0 ? null : findVictims(pass, want, preemptible, (victim) => standsBehind(victim, trial));
    if (release === null) return false;
    ({ victims, slots } = release);
  }
  preempt(pass, victims, trial);
  claimSlots(pass, trial, want, slots);
  lane.releasing = true;
  setVerdict(pass, index, { kind: 'releasing', slots });
  return true;
}

function endPriority(lane: Lane): void {
  lane.backfilling ??= lane.failed;
  lane.released ||= lane.releasing;
  lane.failed = null;
  lane.releasing = false;
  lane.unsuccessful.length = 0;
  lane.misfits.clear();
}
