/**
 * Choosing whom to ask to stop. Lowest priority first, last in line first, nobody whose release is not needed, and
 * nobody at all where it would not help. Pure.
 */
import { copyOccupancy, occupy, vacate } from './occupancy.ts';
import type { Holder, Occupancy, Yard } from './occupancy.ts';
import type { Pass } from './pass.ts';
import { place } from './placement.ts';
import type { Want } from './read-input.ts';
import type { PlanTrial } from './model.ts';

export interface Release {
  readonly victims: readonly Holder[];
  /** Where the trial goes once they are gone. */
  readonly slots: readonly number[];
}

/**
 * @param candidates who may be asked, in the order to ask
 * @param mayStop whether this one may be asked for this trial
 * @returns an irreducible set of victims after whose end the trial fits, or null where there is none
 */
export function findVictims(
  pass: Pass,
  want: Want,
  candidates: readonly Holder[],
  mayStop: (victim: PlanTrial) => boolean,
): Release | null {
  const trialState = copyOccupancy(pass.future);
  const chosen: Holder[] = [];
  let fits = false;
  for (const candidate of candidates) {
    if (pass.preempted.has(candidate) || !canMakeRoom(pass.yard, candidate.isCpu, want) || !mayStop(candidate.trial))
      continue;
    vacate(trialState, candidate, pass.yard);
    chosen.push(candidate);
    fits = place(pass.yard, trialState, want) !== null;
    if (fits) break;
  }
  if (!fits) return null;
  const victims = prune(pass, want, chosen, trialState);
  const slots = place(pass.yard, trialState, want);
  return slots === null ? null : { victims, slots };
}

/** Whether the end of a trial with (or without) slots could help one that wants these: the two kinds share only the limit on running trials. */
export function canMakeRoom(yard: Yard, isCpu: boolean, want: Want): boolean {
  return isCpu === (want.slots === 0) || yard.rules.maxRunning !== Infinity;
}

/** Puts back every victim the trial fits without, the most important first. `without` ends as the state with the rest gone. */
function prune(pass: Pass, want: Want, chosen: readonly Holder[], without: Occupancy): readonly Holder[] {
  const kept: Holder[] = [];
  for (let i = chosen.length - 1; i >= 0; i--) {
    const victim = chosen[i] as Holder;
    occupy(without, victim);
    if (place(pass.yard, without, want) !== null) continue;
    vacate(without, victim, pass.yard);
    kept.push(victim);
  }
  return kept.reverse();
}
