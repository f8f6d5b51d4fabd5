/** Why is it waiting? The sentence and its facts for each verdict. Pure. */
import type { Holder, Yard } from './occupancy.ts';
import { isIdle } from './occupancy.ts';
import { capOf, readWant } from './read-input.ts';
import type { Slot, Want } from './read-input.ts';
import { couldEverFit, heldByExperimentOf } from './pass.ts';
import type { Pass, Reservation, Verdict } from './pass.ts';
import { couldSuit, fitsWithoutOurs, isOpen, memoryNeed } from './placement.ts';
import { sayAbout, sayGpus, sayList, sayMemory, sayTrial } from '../../text/say.ts';
import type { PlanTrial, TrialKey } from './model.ts';
import type { WaitingReason } from '../../contract/feed.ts';

type Blocker = WaitingReason['blockers'][number];
type Code = WaitingReason['code'];

/** So many slots are told apart in one sentence. */
const MAX_FACTS = 4;

export function plainReason(code: Code, text: string): WaitingReason {
  return { code, text, blockers: [] };
}

/** @returns the reason of a trial that `admit` turned away, or null for other verdicts. */
export function refusalReason(pass: Pass, trial: PlanTrial, verdict: Verdict): WaitingReason | null {
  switch (verdict.kind) {
    case 'held':
      return {
        code: trial.held?.code ?? 'held',
        text: typeof trial.held?.text === 'string' ? trial.held.text : 'held back',
        blockers: (trial.held?.awaits ?? []).map((id) => blockerTrial(null, id, sayTrial(id))),
      };
    case 'already_active':
      return plainReason('held', 'is running already');
    case 'invalid':
      return plainReason('impossible', 'asks for a number of GPUs that makes no sense');
    case 'over_cap':
      return plainReason(
        'impossible',
        `needs ${sayGpus(trial.slots)}, but its experiment may hold only ${capOf(trial)} at once`,
      );
    case 'unread':
      return plainReason(
        'gpu_unknown',
        `needs ${sayGpus(trial.slots)}, and the GPUs of this machine cannot be read: ${pass.yard.slotsProblem ?? ''}`,
      );
    case 'impossible':
      return plainReason('impossible', sayImpossible(pass.yard, trial));
    case 'capped':
      return plainReason(
        'pool_limit',
        `its experiment may hold ${sayGpus(capOf(trial))} at once and holds ${heldByExperimentOf(pass, trial)}`,
      );
    default:
      return null;
  }
}

/** @returns why the trial waits, in a sentence with its facts. */
export function sayReason(pass: Pass, trial: PlanTrial, verdict: Verdict): WaitingReason {
  const refusal = refusalReason(pass, trial, verdict);
  if (refusal !== null) return refusal;
  const want = readWant(trial) ?? { slots: 0, minFreeMiB: null, gpuName: null, shareMiB: null };
  switch (verdict.kind) {
    case 'next':
      return sayNext(pass, want, verdict.reservation);
    case 'releasing':
      return sayReleasing(pass, verdict.slots);
    case 'reserved':
      return behind(
        'reserved',
        `${sayOpenSlots(pass, want)} reserved for ${sayTrial(verdict.ahead.id)}`,
        verdict.ahead,
      );
    case 'behind':
      return sayBehind(pass, want, verdict);
    case 'pool_limit':
      return plainReason('pool_limit', `the pool runs at most ${count(pass.yard.rules.maxRunning, 'trial')} at once`);
    case 'cpu_limit':
      return sayCpuLimit(pass);
    case 'fair_share':
      return plainReason(
        'fair_share',
        `its experiment has its fair share (${sayGpus(heldByExperimentOf(pass, trial))} now)`,
      );
    default:
      return sayBusy(pass, want);
  }
}

/** The reason of all trials too far down to have one of their own. */
export function sayFarBehind(aheadId: TrialKey | null): WaitingReason {
  if (aheadId === null) return plainReason('behind', 'waits in line');
  return {
    code: 'behind',
    text: `waits behind ${sayTrial(aheadId)} and others`,
    blockers: [blockerTrial(null, aheadId, sayTrial(aheadId))],
  };
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

function blockerTrial(slot: string | null, id: unknown, text: string): Blocker {
  return { slot, trialId: typeof id === 'number' ? id : null, text };
}

function behind(code: Code, text: string, ahead: PlanTrial): WaitingReason {
  return { code, text, blockers: [blockerTrial(null, ahead.id, sayTrial(ahead.id))] };
}

function sayBehind(pass: Pass, want: Want, { ahead, mayFill }: Extract<Verdict, { kind: 'behind' }>): WaitingReason {
  // Of equals in one line there is no more to say than whom they wait for; one of another kind may find a gap.
  const other = !isSameAsk(readWant(ahead), want);
  const gaps = mayFill && other ? ', may fill gaps' : '';
  const first = behind('behind', `behind ${sayTrial(ahead.id)}${gaps}${other ? sayUnusualNeed(want) : ''}`, ahead);
  return { ...first, blockers: [...first.blockers, ...listBlockers(pass, want)] };
}

function isSameAsk(a: Want | null, b: Want): boolean {
  return (
    a !== null &&
    a.slots === b.slots &&
    a.minFreeMiB === b.minFreeMiB &&
    a.gpuName === b.gpuName &&
    a.shareMiB === b.shareMiB
  );
}

/** What sets a trial apart from one that takes any single GPU. */
function sayUnusualNeed(want: Want): string {
  return want.slots > 1 || memoryNeed(want) !== null ? `; ${sayNeed(want)}` : '';
}

function sayOpenSlots(pass: Pass, want: Want): string {
  const labels = pass.yard.slots.filter((_, i) => isOpen(pass.yard, pass.now, i, want)).map((slot) => slot.label);
  if (want.slots === 0 || labels.length === 0) return 'its place is';
  return `${sayList(labels.slice(0, MAX_FACTS))} ${labels.length === 1 ? 'is' : 'are'}`;
}

/** Who has the places without a GPU, and how many there are. */
function sayCpuLimit(pass: Pass): WaitingReason {
  const most = pass.yard.rules.maxCpuTrials;
  const holders = pass.holders.filter((holder) => holder.slots.length === 0 && holder.kind !== 'promised');
  const names = holders.slice(0, MAX_FACTS).map((holder) => sayTrial(holder.trial.id));
  const who =
    names.length === 0 ? '' : `waits for ${sayList(names)}${holders.length > MAX_FACTS ? ' and others' : ''}; `;
  return {
    code: 'cpu_limit',
    text: `${who}the pool runs ${count(most, 'trial')} without a GPU at a time (its setting max CPU trials, --max-cpu-trials, allows more)`,
    blockers: holders.map((holder) =>
      blockerTrial(null, holder.trial.id, `${sayTrial(holder.trial.id)} runs without a GPU`),
    ),
  };
}

function sayNext(pass: Pass, want: Want, reservation: Reservation): WaitingReason {
  if (reservation.atMs === Infinity) return sayBusy(pass, want);
  const labels = reservation.slots.map((i) => (pass.yard.slots[i] as Slot).label);
  const wait = reservation.atMs - pass.yard.nowMs;
  const when = wait <= 0 ? 'any moment now' : `in ${sayAbout(wait)}`;
  const what = labels.length === 0 ? 'a place' : labels.length > MAX_FACTS ? sayGpus(labels.length) : sayList(labels);
  return { code: 'next', text: `next: ${what} ${when}${sayUnusualNeed(want)}`, blockers: listBlockers(pass, want) };
}

function sayReleasing(pass: Pass, slots: readonly number[]): WaitingReason {
  const blockers: Blocker[] = [];
  for (const i of slots) {
    for (const holder of pass.holders) {
      if (!holder.slots.includes(i) || !isStopping(pass, holder)) continue;
      const slot = pass.yard.slots[i] as Slot;
      blockers.push(
        blockerTrial(slot.id, holder.trial.id, `${slot.label} comes free: ${sayTrial(holder.trial.id)} is stopping`),
      );
    }
  }
  const text = blockers
    .slice(0, MAX_FACTS)
    .map((blocker) => blocker.text)
    .join(', ');
  return { code: 'releasing', text: text === '' ? 'next: others are stopping for it' : `next: ${text}`, blockers };
}

function sayNeed(want: Want): string {
  const named = want.gpuName === null ? '' : ` named ${want.gpuName}`;
  if (want.slots === 0) return 'needs a place';
  if (want.shareMiB !== null) {
    const share = sayMemory(memoryNeed(want) ?? want.shareMiB);
    return want.slots === 1
      ? `needs ${share} of a GPU${named}`
      : `needs ${share} on each of ${sayGpus(want.slots)}${named}`;
  }
  return `needs ${sayGpus(want.slots)}${named}${want.minFreeMiB === null ? '' : ` with ${sayMemory(want.minFreeMiB)} free`}`;
}

/** The trial fits nowhere: what it needs, and what each slot is doing instead. */
function sayBusy(pass: Pass, want: Want): WaitingReason {
  const blockers = listBlockers(pass, want);
  const facts = blockers.slice(0, MAX_FACTS).map((blocker) => blocker.text);
  if (blockers.length > MAX_FACTS) facts.push(`and ${blockers.length - MAX_FACTS} more in use`);
  return {
    code: codeOfBusy(pass, want),
    text: [sayNeed(want), ...(facts.length === 0 ? [] : [facts.join(', ')])].join('; '),
    blockers,
    ...remedyOf(pass, want),
  };
}

/** Where others' memory is in the way and there is room beside it: the setting that would let the trial start. */
function remedyOf(pass: Pass, want: Want): Pick<WaitingReason, 'remedy'> {
  if (want.slots === 0 || fitsWithoutOurs(pass.yard, want)) return {};
  const need = memoryNeed(want) ?? 0;
  let best: { readonly slot: Slot; readonly toMiB: number } | null = null;
  for (const slot of pass.yard.slots) {
    const toMiB = slot.blocked?.raiseThresholdToMiB;
    if (toMiB === undefined || !couldSuit(slot, want) || (slot.usableMiB ?? 0) < need) continue;
    if (best === null || toMiB < best.toMiB) best = { slot, toMiB };
  }
  if (best === null) return {};
  const poolId = pass.yard.rules.id;
  const { slot, toMiB } = best;
  return {
    remedy: {
      kind: 'raise_foreign_threshold',
      poolId,
      slot: slot.id,
      foreignThresholdMiB: toMiB,
      text: `to use ${slot.label} beside it: switchyard pool set ${poolId} --foreign-threshold ${toMiB}`,
    },
  };
}

function codeOfBusy(pass: Pass, want: Want): Code {
  if (want.slots === 0) return 'cpu_limit';
  const { slots } = pass.yard;
  if (fitsWithoutOurs(pass.yard, want)) return 'slots_busy';
  const matching = slots.filter((slot) => couldSuit(slot, want));
  return matching.find((slot) => slot.blocked !== null)?.blocked?.code ?? 'memory';
}

/** One entry for each slot that would do in principle and cannot be had now. */
function listBlockers(pass: Pass, want: Want): Blocker[] {
  const blockers: Blocker[] = [];
  if (want.slots === 0) return blockers;
  pass.yard.slots.forEach((slot, i) => {
    if (!couldSuit(slot, want) || (isOpen(pass.yard, pass.now, i, want) && isOpen(pass.yard, pass.future, i, want)))
      return;
    blockers.push(...blockersOf(pass, slot, i, want));
  });
  return blockers;
}

function blockersOf(pass: Pass, slot: Slot, index: number, want: Want): Blocker[] {
  if (slot.blocked !== null) {
    const { code, text } = slot.blocked;
    const joint = code !== 'foreign' ? ': ' : /^\d/.test(text) ? ' has ' : ' is ';
    return [{ slot: slot.id, trialId: null, text: `${slot.label}${joint}${text}` }];
  }
  const holders = pass.holders.filter((holder) => holder.slots.includes(index) && holder.kind !== 'promised');
  const first = holders[0];
  if (first !== undefined && (want.shareMiB === null || holders.some((holder) => holder.shareMiB === null))) {
    return holders.map((holder) => blockerTrial(slot.id, holder.trial.id, `${slot.label} ${sayHolder(pass, holder)}`));
  }
  const claimant = pass.claimedBy[index];
  if (isIdle(pass.now, index) && claimant !== undefined)
    return [blockerTrial(slot.id, claimant.id, `${slot.label} is reserved for ${sayTrial(claimant.id)}`)];
  const left = want.shareMiB === null ? slot.usableMiB : (pass.now.shareable[index] ?? null);
  const room = left === null || Number.isNaN(left) ? 'is shared already' : `has ${sayMemory(Math.max(0, left))} free`;
  return [blockerTrial(slot.id, first?.trial.id ?? null, `${slot.label} ${room}`)];
}

function isStopping(pass: Pass, holder: Holder): boolean {
  return holder.kind === 'releasing' || pass.preempted.has(holder);
}

function sayHolder(pass: Pass, holder: Holder): string {
  const who = sayTrial(holder.trial.id);
  if (isStopping(pass, holder)) return `comes free: ${who} is stopping`;
  if (holder.kind === 'starting') return `starts ${who}`;
  const verb = holder.shareMiB === null ? 'runs' : 'is shared with';
  if (holder.endsAtMs === Infinity) return `${verb} ${who}`;
  return `${verb} ${who} (${sayAbout(holder.endsAtMs - pass.yard.nowMs)} left)`;
}

function sayImpossible(yard: Yard, trial: PlanTrial): string {
  const want = readWant(trial);
  if (want === null) return 'asks for a number of GPUs that makes no sense';
  if (want.slots === 0) return 'this pool runs no trials without a GPU';
  const { slots } = yard;
  if (slots.length < want.slots)
    return `needs ${sayGpus(want.slots)}, this pool has ${slots.length === 0 ? 'none' : slots.length}`;
  const anyMemory: Want = { ...want, minFreeMiB: null, shareMiB: null };
  const named = slots.filter((slot) => couldSuit(slot, anyMemory));
  if (!couldEverFit(yard, anyMemory)) {
    return `needs ${sayGpus(want.slots)} named ${want.gpuName}; this pool has ${named.length === 0 ? 'none' : named.length}`;
  }
  const largest = Math.max(...named.map((slot) => slot.totalMiB ?? 0));
  return `needs ${sayGpus(want.slots)} with ${sayMemory(memoryNeed(want) ?? 0)}; the largest here has ${sayMemory(largest)}`;
}
