/**
 * The fair-share policy: experiments share the pool by weight, no experiment holds more than its cap.
 *
 * 0. Trials that failed a moment ago and are tried again keep their slots.
 * 1. Trials without slots start in queue order while the limit allows.
 * 2. Progressive filling: round after round every experiment that wants more is offered its part of what is left, at
 *    least one slot. What it cannot be made to give back is counted as offered first.
 * 3. When nothing is left, the youngest experiment that cannot start even its smallest trial with its offer steps
 *    back and its offer goes to the others; otherwise several big ones could starve each other for ever.
 * 4. Who is owed most (see fair-ledger.ts) and cannot start its next trial with its offer is served first: now if there is
 *    room, else it gets a reservation like the head of a queue. So a trial that needs more than the share of its
 *    experiment waits until the unused share has paid for it, and no longer.
 * 5. Experiments over their offer release trials, oldest first; those under it start theirs, who is owed most first.
 *    Where credits are kept, no trial passes an earlier one of its own experiment that waits.
 *
 * Running trials are made to stop only where the pool has preemption on, or with `greedy` backfill, which follows
 * Determined: its fair share always takes back what is over the share.
 */
import {
  admit,
  admitUncapped,
  claimSlots,
  isHeld,
  isTurnedAway,
  keepsClaim,
  MAX_TRIES_BELOW,
  placeHeld,
  placeNow,
  preempt,
  setVerdict,
  startTrial,
} from './pass.ts';
import type { Pass, Reservation } from './pass.ts';
import { lookAhead } from './lines.ts';
import { findVictims } from './preemption.ts';
import { mayPass, notePassing, reserve } from './reservation.ts';
import type { Holder, Yard } from './occupancy.ts';
import { fitsWithoutOurs, limitReached, place } from './placement.ts';
import { capOf, finiteOr, slotCount, weightOf } from './read-input.ts';
import type { Want } from './read-input.ts';
import { anyRoom } from './room.ts';
import { ShapeCache } from './shape-cache.ts';
import type { PlanTrial, TrialKey } from './model.ts';

/** Experiments with queued trials that are looked at in one pass, first in the queue first. */
const MAX_EXPERIMENTS = 256;
const EPSILON = 1e-9;
/** Where the running can be stopped, nobody is stopped for a debt smaller than so much time of the share. */
const LEAST_DEBT_MS = 30 * 60_000;

interface Candidate {
  readonly index: number;
  readonly trial: PlanTrial;
  readonly want: Want;
  readonly cost: number;
}

interface Group {
  weight: number;
  /** Nobody wants more than the pool has. */
  cap: number;
  ageOrder: number;
  readonly running: Holder[];
  runningCost: number;
  /** Running and not to be released. */
  pinnedCost: number;
  readonly pending: Candidate[];
  pendingCost: number;
  /** Cost of the smallest trial that waits or could be released; Infinity = there is none. */
  smallest: number;
  offered: number;
  /** The part of `pinnedCost` that no round has charged to its share yet. */
  unchargedCost: number;
  steppedBack: boolean;
  /** Slots that are due to it now. */
  share: number;
  /** Cost of what this pass started. */
  startedCost: number;
  /** Slots times ms it is owed; 0 where nobody keeps count. */
  readonly credit: number;
}

/** Decides the pass. */
export function planFairShare(pass: Pass): void {
  const claimed = keepClaims(pass);
  startCpuTrials(pass);
  const mayRelease = pass.yard.rules.preemption || pass.yard.rules.backfill === 'greedy';
  const byExperiment = collectGroups(pass, mayRelease, claimed);
  const groups = [...byExperiment.values()].sort((a, b) => demandOf(a) - demandOf(b) || a.ageOrder - b.ageOrder);
  const capacity = capacityOf(pass);
  fill(groups, capacity - groups.reduce((sum, group) => sum + group.pinnedCost, 0));
  divide(groups, capacity);
  const waiting = groups.flatMap((group) => group.pending).sort((a, b) => a.index - b.index);
  const owedFirst = groups.toSorted((a, b) => debtOf(b) - debtOf(a));
  const reservation = pass.credits === null ? null : serveDebt(pass, owedFirst, mayRelease);
  for (const group of owedFirst) {
    const isOver = group.runningCost + group.startedCost > group.offered + EPSILON;
    if (isOver && mayRelease && group.credit <= 0) releaseExcess(pass, group, groups, waiting);
    else startPending(pass, group, reservation);
  }
  for (const [experimentId, group] of byExperiment)
    pass.shares.push({ experimentId, share: group.share, used: group.runningCost + group.startedCost });
}

/** What a group is owed by the slot-time of its weight: heavier ones earn faster. */
function debtOf(group: Group): number {
  return group.weight > 0 ? group.credit / group.weight : Math.min(0, group.credit);
}

/** Shares as they would be if slots could be cut up: by weight, nobody more than it wants. */
function divide(groups: readonly Group[], capacity: number): void {
  let left = Math.max(0, capacity);
  let open = groups.filter((group) => group.weight > 0 && demandOf(group) > 0);
  while (open.length > 0 && left > EPSILON) {
    const perWeight = left / open.reduce((sum, group) => sum + group.weight, 0);
    const content = open.filter((group) => demandOf(group) <= perWeight * group.weight + EPSILON);
    for (const group of content.length > 0 ? content : open) {
      group.share = content.length > 0 ? demandOf(group) : perWeight * group.weight;
      left -= group.share;
    }
    if (content.length === 0) return;
    open = open.filter((group) => !content.includes(group));
  }
}

/**
 * Step 4. @param owedFirst groups, the largest debt first
 * @returns the reservation of the group that is owed most among those that cannot start their next trial
 */
function serveDebt(pass: Pass, owedFirst: readonly Group[], mayRelease: boolean): Reservation | null {
  for (const group of owedFirst) {
    const [first] = group.pending;
    if (first === undefined || group.credit <= (mayRelease ? LEAST_DEBT_MS * group.share : 0)) continue;
    const room = placeNow(pass, first.want);
    const isOffered = first.cost <= group.offered - group.runningCost + EPSILON;
    if (isOffered && room !== null) continue;
    if ('kind' in admit(pass, first.trial)) continue;
    if (room !== null) {
      start(pass, group, first, room);
      group.pending.shift();
      continue;
    }
    if (pass.anyReleasing || mayRelease) {
      const release = placeReleased(pass, group, first, owedFirst);
      if (release !== null) return null;
    }
    const reservation = reserve(pass, first.trial, first.want);
    if (reservation === null) continue;
    setVerdict(pass, first.index, { kind: 'next', reservation });
    return reservation;
  }
  return null;
}

/** Gives the trial what comes free, or, where that is allowed, asks those to stop who are owed less. */
function placeReleased(pass: Pass, group: Group, first: Candidate, groups: readonly Group[]): readonly number[] | null {
  let slots = place(pass.yard, pass.future, first.want);
  if (slots === null) {
    if (!(pass.yard.rules.preemption || pass.yard.rules.backfill === 'greedy')) return null;
    const less = groups.filter((other) => other !== group && debtOf(other) < debtOf(group)).toReversed();
    const candidates = less.flatMap((other) => other.running.filter((holder) => holder.trial.preemptible === true));
    const release = findVictims(pass, first.want, candidates, () => true);
    if (release === null) return null;
    preempt(pass, release.victims, first.trial);
    slots = release.slots;
  }
  claimSlots(pass, first.trial, first.want, slots);
  group.pending.shift();
  setVerdict(pass, first.index, { kind: 'releasing', slots });
  return slots;
}

function start(pass: Pass, group: Group, { index, trial, want, cost }: Candidate, slots: readonly number[]): void {
  startTrial(pass, index, trial, want, slots);
  group.startedCost += cost;
}

/**
 * Trials that failed a moment ago and are tried again had their slots before: they keep them and count as running.
 * @returns who has a claim now, by place in the queue
 */
function keepClaims(pass: Pass): ReadonlySet<number> {
  const claimed = new Set<number>();
  for (let index = 0; index < pass.queue.length; index++) {
    const trial = pass.queue.at(index) as PlanTrial;
    const found = keepsClaim(trial) ? placeHeld(pass, trial) : null;
    if (found === null) continue;
    const { want, slots } = found;
    if (!isHeld(trial) && placeNow(pass, want) !== null) startTrial(pass, index, trial, want, slots);
    else {
      claimSlots(pass, trial, want, slots);
      claimed.add(index);
    }
  }
  return claimed;
}

function startCpuTrials(pass: Pass): void {
  const ahead = lookAhead(pass.queue);
  for (let i = 0; i < pass.queue.length && ahead.has(true); i++) {
    const trial = pass.queue.at(i) as PlanTrial;
    ahead.passed(trial);
    if (trial.slots !== 0) continue;
    if (i >= pass.reasonWindow && !anyRoom(pass, true)) return;
    const want = admit(pass, trial);
    if ('kind' in want) setVerdict(pass, i, want);
    else if (placeNow(pass, want) !== null) startTrial(pass, i, trial, want, []);
    else setVerdict(pass, i, { kind: limitReached(pass.yard, pass.now, want) ?? 'cpu_limit' });
  }
}

/** Slots that we can use or use already. */
function capacityOf(pass: Pass): number {
  const held = new Set(pass.holders.filter((holder) => holder.own).flatMap((holder) => holder.slots));
  return pass.yard.slots.filter((slot, i) => slot.blocked === null || held.has(i)).length;
}

/** A share counts as the part of the largest card it takes, so that eight small shares are not eight GPUs. */
function costOf(yard: Yard, slots: number, shareMiB: number | null): number {
  if (shareMiB === null) return slots;
  const largest = Math.max(0, ...yard.slots.map((slot) => slot.totalMiB ?? slot.usableMiB ?? 0));
  return largest <= 0 ? slots : slots * Math.min(1, shareMiB / largest);
}

function collectGroups(pass: Pass, mayRelease: boolean, claimed: ReadonlySet<number>): ReadonlyMap<TrialKey, Group> {
  const groups = new Map<TrialKey, Group>();
  for (const holder of pass.holders) {
    if (!holder.own || holder.isCpu || holder.kind === 'releasing') continue;
    const group = groupOf(pass, groups, holder.trial);
    const cost = costOf(pass.yard, slotCount(holder.trial), holder.shareMiB);
    group.runningCost += cost;
    if (holder.kind === 'active') group.running.push(holder);
    const isPinned = !mayRelease || holder.trial.preemptible !== true || holder.kind !== 'active';
    if (isPinned) group.pinnedCost += cost;
    else group.smallest = Math.min(group.smallest, cost);
  }
  collectPending(pass, groups, claimed);
  for (const group of groups.values()) {
    group.offered = group.pinnedCost;
    group.unchargedCost = group.pinnedCost;
  }
  return groups;
}

/** Collects no more per experiment than the pool could run at once. */
function collectPending(pass: Pass, groups: Map<TrialKey, Group>, claimed: ReadonlySet<number>): void {
  const enough = pass.yard.slots.length;
  const misfits = new ShapeCache();
  let tries = 0;
  for (let i = 0; i < pass.queue.length; i++) {
    const trial = pass.queue.at(i) as PlanTrial;
    if (trial.slots === 0) continue;
    const known = groups.get(trial.experimentId);
    if (i >= pass.reasonWindow) {
      if (known === undefined && groups.size >= MAX_EXPERIMENTS) continue;
      if ((known !== undefined && known.pendingCost >= enough) || isTurnedAway(pass, trial) || misfits.has(trial))
        continue;
      if (++tries > MAX_TRIES_BELOW) return;
    }
    const want = admitUncapped(pass, trial);
    if ('kind' in want) {
      setVerdict(pass, i, want);
      if (want.kind === 'impossible') misfits.add(trial);
      continue;
    }
    setVerdict(pass, i, { kind: 'busy' });
    if (claimed.has(i)) continue;
    if (!fitsWithoutOurs(pass.yard, want)) {
      misfits.add(trial);
      continue;
    }
    const group = groupOf(pass, groups, trial);
    if (group.pendingCost >= enough) continue;
    const cost = costOf(pass.yard, want.slots, want.shareMiB);
    group.pending.push({ index: i, trial, want, cost });
    group.pendingCost += cost;
    // Where credits are kept a small trial does not pass a large one of its own experiment.
    if (pass.credits === null || group.pending.length === 1) group.smallest = Math.min(group.smallest, cost);
  }
}

function groupOf(pass: Pass, groups: Map<TrialKey, Group>, trial: PlanTrial): Group {
  const known = groups.get(trial.experimentId);
  const order = finiteOr(trial.submitOrder, Infinity);
  if (known !== undefined) {
    known.weight = Math.max(known.weight, weightOf(trial));
    known.cap = Math.min(known.cap, capOf(trial));
    known.ageOrder = Math.min(known.ageOrder, order);
    return known;
  }
  const group: Group = {
    weight: weightOf(trial),
    cap: Math.min(capOf(trial), pass.yard.slots.length),
    ageOrder: order,
    running: [],
    runningCost: 0,
    pinnedCost: 0,
    pending: [],
    pendingCost: 0,
    smallest: Infinity,
    offered: 0,
    unchargedCost: 0,
    steppedBack: false,
    share: 0,
    startedCost: 0,
    credit: finiteOr(pass.credits?.get(trial.experimentId), 0),
  };
  groups.set(trial.experimentId, group);
  return group;
}

function demandOf(group: Group): number {
  return Math.min(group.cap, group.runningCost + group.pendingCost);
}

/** Steps 2 and 3. `groups` by demand, then age. Depends only on what experiments have, not on which of it runs now, so that passes agree. */
function fill(groups: readonly Group[], capacity: number): void {
  let left = offerAll(groups, Math.max(0, capacity));
  // What nobody else can use goes back to those who stepped back, the oldest first.
  for (const group of groups.filter(({ steppedBack }) => steppedBack).sort((a, b) => a.ageOrder - b.ageOrder)) {
    const more = Math.min(left, demandOf(group) - group.offered);
    if (more <= 0 || isStuck(group, more)) continue;
    group.offered += more;
    left -= more;
  }
}

/** @returns what is left when nobody can be offered more */
function offerAll(groups: readonly Group[], capacity: number): number {
  let left = capacity;
  // Every turn satisfies an experiment, uses up the capacity or makes one step back; the bound is for odd numbers.
  for (let turn = 0; turn < 16 * (groups.length + 64); turn++) {
    const hungry = groups.filter((group) => !group.steppedBack && group.offered < demandOf(group) - EPSILON);
    if (hungry.length === 0) return left;
    if (left > EPSILON) {
      left = offerRound(hungry, left);
      continue;
    }
    const stuck = youngest(groups.filter((group) => !group.steppedBack && isStuck(group, 0)));
    if (stuck === null) return left;
    stuck.steppedBack = true;
    left += stuck.offered - stuck.pinnedCost;
    stuck.offered = stuck.pinnedCost;
  }
  return left;
}

/** @returns what is left after every hungry experiment got its part once. */
function offerRound(hungry: readonly Group[], capacity: number): number {
  const weights = hungry.reduce((sum, group) => sum + group.weight, 0);
  let left = capacity;
  for (const group of hungry) {
    const part = weights > 0 ? Math.max(1, Math.floor((capacity * group.weight) / weights)) : 1;
    const charged = Math.min(part, group.unchargedCost);
    group.unchargedCost -= charged;
    const offer = Math.min(part - charged, left, demandOf(group) - group.offered);
    if (offer <= 0) continue;
    group.offered += offer;
    left -= offer;
  }
  return left;
}

/** Whether the offer (and so much more) is too little for even the smallest trial that it is meant for. */
function isStuck(group: Group, more: number): boolean {
  return group.smallest !== Infinity && group.offered + more - group.pinnedCost < group.smallest - EPSILON;
}

function youngest(groups: readonly Group[]): Group | null {
  let found: Group | null = null;
  for (const group of groups) if (found === null || group.ageOrder >= found.ageOrder) found = group;
  return found;
}

function releaseExcess(pass: Pass, group: Group, groups: readonly Group[], waiting: readonly Candidate[]): void {
  const oldestFirst = group.running
    .filter((holder) => holder.trial.preemptible === true)
    .sort((a, b) => finiteOr(a.trial.submitOrder, 0) - finiteOr(b.trial.submitOrder, 0));
  let excess = group.runningCost - group.offered;
  const victims: Holder[] = [];
  const cost = (holder: Holder): number => costOf(pass.yard, slotCount(holder.trial), holder.shareMiB);
  for (const holder of oldestFirst) {
    if (excess <= EPSILON) break;
    victims.push(holder);
    excess -= cost(holder);
  }
  const needed = victims.filter((victim) => {
    if (excess + cost(victim) > EPSILON) return true;
    excess += cost(victim);
    return false;
  });
  const under = groups.filter((other) => other !== group && other.offered > other.runningCost + EPSILON);
  const beneficiary = waiting.find((candidate) => under.some((other) => other.pending.includes(candidate)));
  for (const victim of needed) preempt(pass, [victim], beneficiary?.trial ?? victim.trial);
  for (const { index } of group.pending) setVerdict(pass, index, { kind: 'fair_share' });
}

function startPending(pass: Pass, group: Group, reservation: Reservation | null): void {
  let room = group.offered - group.runningCost - group.startedCost;
  let first: PlanTrial | null = null;
  for (const candidate of group.pending) {
    const { index, trial, want, cost } = candidate;
    // Those behind the first one that waits are held back with it, unless it has a reservation to wait for.
    const isBehind = first !== null && reservation?.trial !== first;
    if (pass.credits !== null) first ??= trial;
    if (reservation?.trial === trial) continue;
    if (isBehind || cost > room + EPSILON) {
      setVerdict(pass, index, { kind: 'fair_share' });
      continue;
    }
    const admitted = admit(pass, trial);
    if ('kind' in admitted) {
      setVerdict(pass, index, admitted);
      continue;
    }
    const slots = placeNow(pass, want);
    if (slots !== null && (reservation === null || mayPass(pass, reservation, trial, want, slots))) {
      if (reservation !== null) notePassing(pass, reservation, trial, want, slots);
      start(pass, group, candidate, slots);
      room -= cost;
      if (first === trial) first = null;
      continue;
    }
    if (slots !== null && reservation !== null) {
      setVerdict(pass, index, { kind: 'reserved', ahead: reservation.trial });
      continue;
    }
    const limit = limitReached(pass.yard, pass.now, want);
    if (limit !== null) setVerdict(pass, index, { kind: limit });
  }
}
