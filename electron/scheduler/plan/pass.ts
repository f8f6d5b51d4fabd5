/**
 * One planning pass over one pool: what both policies share. A pass keeps two occupancies:
 * - `now`: what is on the slots this instant, plus what this pass starts;
 * - `future`: the same without the leases that are coming free, plus the claims on them.
 * A trial that cannot start now but can in `future` has a claim: nobody behind it may take those slots, and nobody
 * else is asked to stop for it. A start must be open in both.
 */
import { compareRanks } from '../../contract/queue-order.ts';
import { copyOccupancy, emptyOccupancy, occupy, seat, vacate } from './occupancy.ts';
import type { Holder, Occupancy, Yard } from './occupancy.ts';
import { couldSuit, place } from './placement.ts';
import { capOf, compareInQueue, endOf, priorityOf, readLease, readWant, slotCount } from './read-input.ts';
import type { Rules, Slot, Want } from './read-input.ts';
import type { Line, PlanOutput, PlanTrial, TrialKey } from './model.ts';

/**
 * So many trials further down are tried one by one in a pass. Trials like one that just failed do not count, so this
 * only cuts off queues of thousands of trials that all ask for something different.
 */
export const MAX_TRIES_BELOW = 2_000;

/** When and where a trial that does not fit will fit, by the estimates. */
export interface Reservation {
  readonly trial: PlanTrial;
  readonly want: Want;
  /** Infinity = it depends on a trial whose end is not known. */
  readonly atMs: number;
  /** The pool as it will be at `atMs`, without the trial itself; later starts that go on longer are added to it. */
  readonly then: Occupancy;
  /** Who is no longer there: they end before, or would be asked to stop for the trial. */
  readonly gone: ReadonlySet<Holder>;
  /** Where it would go. */
  readonly slots: readonly number[];
}

/** Why a queued trial did not start; the facts for its sentence. */
export type Verdict =
  | { readonly kind: 'started' }
  | {
      readonly kind:
        | 'held'
        | 'already_active'
        | 'invalid'
        | 'impossible'
        | 'unread'
        | 'capped'
        | 'over_cap'
        | 'pool_limit'
        | 'cpu_limit'
        | 'busy'
        | 'fair_share';
    }
  | { readonly kind: 'next'; readonly reservation: Reservation }
  | { readonly kind: 'releasing'; readonly slots: readonly number[] }
  | { readonly kind: 'behind'; readonly ahead: PlanTrial; readonly mayFill: boolean }
  | { readonly kind: 'reserved'; readonly ahead: PlanTrial };

export interface Pass {
  readonly yard: Yard;
  readonly queue: Line;
  /** So many trials at the front of the queue are looked at whether or not they could start, and get a verdict. */
  readonly reasonWindow: number;
  /** Active trials, then starts and claims of this pass. */
  readonly holders: Holder[];
  readonly now: Occupancy;
  readonly future: Occupancy;
  /** Whether anything is coming free: without it, `future` has nothing that `now` has not. */
  anyReleasing: boolean;
  /** Queue indices started. */
  readonly started: Set<number>;
  readonly starts: PlanOutput['start'][number][];
  readonly preempts: { readonly id: TrialKey; readonly forId: TrialKey }[];
  readonly preempted: Set<Holder>;
  /** By queue index, up to `reasonWindow`. */
  readonly verdicts: (Verdict | undefined)[];
  /** Who has the claim on a slot in `future`. */
  readonly claimedBy: (PlanTrial | undefined)[];
  /** Experiment -> slots its trials hold, over all pools; shared by the passes of one plan. */
  readonly heldByExperiment: Map<TrialKey, number>;
  /** Experiment -> slots of its cap that are kept for a trial of it that waits; Infinity = all, it waits for the cap itself. */
  readonly keptOfCap: Map<TrialKey, number>;
  /** Ids that are active or were started by this plan; shared by the passes of one plan. */
  readonly taken: Set<TrialKey>;
  /** Under fair share, see PlanInput; null = nobody keeps count. */
  readonly credits: ReadonlyMap<TrialKey, number> | null;
  /** Under fair share, see PlanOutput. */
  readonly shares: PlanOutput['shares'][number][];
}

export interface PlanMemory {
  readonly reasonWindow: number;
  readonly heldByExperiment: Map<TrialKey, number>;
  readonly taken: Set<TrialKey>;
  readonly slotsProblem: string | null;
  readonly credits: ReadonlyMap<TrialKey, number> | null;
}

/** @param active every active trial of the plan: those of other pools may still sit on slots of this one */
export function beginPass(
  nowMs: number,
  rules: Rules,
  slots: readonly Slot[],
  queue: Line,
  active: readonly PlanTrial[],
  memory: PlanMemory,
): Pass {
  const yard: Yard = { nowMs, rules, slots, slotsProblem: memory.slotsProblem };
  const indexById = new Map(slots.map((slot, index) => [slot.id, index]));
  const holders: Holder[] = [];
  const now = emptyOccupancy(yard);
  for (const trial of active) {
    const own = trial.poolId === rules.id;
    const held = readLease(trial).flatMap((id) => indexById.get(id) ?? []);
    if (!own && held.length === 0) continue;
    const want = readWant(trial);
    const holder: Holder = {
      trial,
      own,
      slots: held,
      shareMiB: want?.shareMiB ?? null,
      isCpu: want?.slots === 0,
      kind: trial.state === 'releasing' ? 'releasing' : 'active',
      endsAtMs: endOf(trial, nowMs),
    };
    holders.push(holder);
    seat(now, holder);
  }
  const future = copyOccupancy(now);
  const releasing = holders.filter((holder) => holder.kind === 'releasing');
  for (const holder of releasing) vacate(future, holder, yard);
  return {
    yard,
    queue,
    holders,
    now,
    future,
    anyReleasing: releasing.length > 0,
    started: new Set(),
    starts: [],
    preempts: [],
    preempted: new Set(),
    verdicts: [],
    claimedBy: [],
    keptOfCap: new Map(),
    shares: [],
    ...memory,
  };
}

export function setVerdict(pass: Pass, index: number, verdict: Verdict): void {
  if (index < pass.reasonWindow) pass.verdicts[index] = verdict;
}

/** A quick look, for trials far down: whether `admit` would turn the trial away for now. */
export function isTurnedAway(pass: Pass, trial: PlanTrial): boolean {
  return (
    (isHeld(trial) && !keepsClaim(trial)) ||
    (trial.slots !== 0 && pass.keptOfCap.size > 0 && pass.keptOfCap.get(trial.experimentId) === Infinity)
  );
}

/** @returns what the trial asks for where it takes part in this pass, else why it does not. The cap of its experiment is not looked at. */
export function admitUncapped(pass: Pass, trial: PlanTrial): Want | Verdict {
  if (pass.taken.has(trial.id)) return { kind: 'already_active' };
  if (isHeld(trial)) return { kind: 'held' };
  const want = readWant(trial);
  if (want === null) return { kind: 'invalid' };
  if (want.slots > capOf(trial)) return { kind: 'over_cap' };
  if (couldEverFit(pass.yard, want)) return want;
  return { kind: want.slots > 0 && pass.yard.slotsProblem !== null ? 'unread' : 'impossible' };
}

export function isHeld(trial: PlanTrial): boolean {
  return typeof trial.held === 'object' && trial.held !== null;
}

/** Whether the trial is back in a moment, so that what it needs is kept for it. */
export function keepsClaim(trial: PlanTrial): boolean {
  return trial.keepsClaim === true;
}

/**
 * For a trial that keeps its claim while it is held back: what it could have now, or once others are gone.
 * @returns null where it has nothing to claim: it fits nowhere, or could not start anyhow
 */
export function placeHeld(
  pass: Pass,
  trial: PlanTrial,
): { readonly want: Want; readonly slots: readonly number[] } | null {
  if (!keepsClaim(trial)) return null;
  const want = admit(pass, { ...trial, held: null });
  if ('kind' in want) return null;
  const slots = placeNow(pass, want) ?? place(pass.yard, pass.future, want);
  return slots === null ? null : { want, slots };
}

/** To be called in queue order. @returns the same, with the cap of the experiment. */
export function admit(pass: Pass, trial: PlanTrial): Want | Verdict {
  const want = admitUncapped(pass, trial);
  if ('kind' in want || want.slots === 0) return want;
  // Once one trial has to wait for the cap, those behind it do not use up what it waits for.
  const kept = pass.keptOfCap.get(trial.experimentId) ?? 0;
  if (kept !== Infinity && heldByExperimentOf(pass, trial) + want.slots + kept <= capOf(trial)) return want;
  pass.keptOfCap.set(trial.experimentId, Infinity);
  return { kind: 'capped' };
}

export function heldByExperimentOf(pass: Pass, trial: PlanTrial): number {
  return pass.heldByExperiment.get(trial.experimentId) ?? 0;
}

/** @returns whether the pool has what the trial asks for at all, whoever uses it now. */
export function couldEverFit(yard: Yard, want: Want): boolean {
  if (want.slots === 0) return yard.rules.maxCpuTrials > 0;
  let count = 0;
  for (const slot of yard.slots) if (couldSuit(slot, want) && ++count >= want.slots) return true;
  return false;
}

/** @returns where the trial can start this instant without touching what is promised to others; null = nowhere. */
export function placeNow(pass: Pass, want: Want, avoid: ReadonlySet<number> | null = null): readonly number[] | null {
  return place(pass.yard, pass.now, want, pass.future, avoid);
}

export function startTrial(pass: Pass, index: number, trial: PlanTrial, want: Want, slots: readonly number[]): Holder {
  const holder = holderFor(pass, trial, want, slots, 'starting');
  pass.holders.push(holder);
  occupy(pass.now, holder);
  occupy(pass.future, holder);
  pass.started.add(index);
  pass.taken.add(trial.id);
  pass.heldByExperiment.set(trial.experimentId, heldByExperimentOf(pass, trial) + want.slots);
  const { closesAtMs } = pass.yard.rules;
  pass.starts.push({
    id: trial.id,
    slots: slots.map((i) => (pass.yard.slots[i] as Slot).id),
    ...(holder.endsAtMs > closesAtMs ? { beyondMs: closesAtMs } : {}),
  });
  setVerdict(pass, index, { kind: 'started' });
  return holder;
}

/** Promises slots to the trial that are not all free yet. */
export function claimSlots(pass: Pass, trial: PlanTrial, want: Want, slots: readonly number[]): Holder {
  const holder = holderFor(pass, trial, want, slots, 'promised');
  pass.holders.push(holder);
  occupy(pass.future, holder);
  for (const i of slots) pass.claimedBy[i] = trial;
  if (capOf(trial) !== Infinity)
    pass.keptOfCap.set(trial.experimentId, (pass.keptOfCap.get(trial.experimentId) ?? 0) + want.slots);
  return holder;
}

export function holderFor(
  pass: Pass,
  trial: PlanTrial,
  want: Want,
  slots: readonly number[],
  kind: Holder['kind'],
): Holder {
  return {
    trial,
    slots,
    own: true,
    shareMiB: want.shareMiB,
    isCpu: want.slots === 0,
    kind,
    endsAtMs: endOf(trial, pass.yard.nowMs),
  };
}

/** Asks the victims to stop; their slots come free later. */
export function preempt(pass: Pass, victims: readonly Holder[], forTrial: PlanTrial): void {
  for (const victim of victims) {
    pass.preempted.add(victim);
    vacate(pass.future, victim, pass.yard);
    pass.preempts.push({ id: victim.trial.id, forId: forTrial.id });
  }
  pass.anyReleasing = pass.anyReleasing || victims.length > 0;
}

/** @returns whether `victim` stands behind `trial`: lower priority, or the same and a rank known to be later. */
export function standsBehind(victim: PlanTrial, trial: PlanTrial): boolean {
  const difference = priorityOf(victim) - priorityOf(trial);
  if (difference !== 0) return difference > 0;
  const byRank = compareRanks(victim.rank, trial.rank);
  return byRank !== null && byRank > 0;
}

/**
 * To be called before the pass starts anything.
 * @returns the active trials of the pool that may be asked to stop, lowest priority first, last in line first
 */
export function listPreemptible(pass: Pass): readonly Holder[] {
  return pass.holders
    .filter((holder) => holder.own && holder.kind === 'active' && holder.trial.preemptible === true)
    .sort((a, b) => compareInQueue(b.trial, a.trial));
}

/** Adds up the slots of the active trials per experiment. */
export function countByExperiment(active: readonly PlanTrial[]): Map<TrialKey, number> {
  const held = new Map<TrialKey, number>();
  for (const trial of active) held.set(trial.experimentId, (held.get(trial.experimentId) ?? 0) + slotCount(trial));
  return held;
}
