/** Lines of queued trials that are longer than anybody wants to look at: cut, and changed trial by trial as they are looked at. Pure. */
import type { Line, PlanInput, PlanTrial } from './model.ts';
import { compareInQueue, splitQueue } from './read-input.ts';

/** @returns the first `most` trials of a line */
export function firstOf(line: Line, most = Infinity): readonly PlanTrial[] {
  return Array.from({ length: Math.min(line.length, most) }, (_, i) => line.at(i) as PlanTrial);
}

/**
 * @param change what becomes of a trial; it keeps its pool and its place. Asked each time one is looked at
 * @returns the input with every queued trial changed
 */
export function changeQueued(input: PlanInput, change: (trial: PlanTrial) => PlanTrial): PlanInput {
  const lines = new Map<string, Line>();
  for (const [poolId, line] of splitQueue(input))
    lines.set(poolId, {
      length: line.length,
      ...(line.slotless === undefined ? {} : { slotless: line.slotless }),
      at(i) {
        const trial = line.at(i);
        return trial === undefined ? undefined : change(trial);
      },
    });
  return { ...input, queued: [], lines };
}

/** Counts down what a walk along a line has not come to yet. */
export interface Ahead {
  /** There may be one that asks for GPUs, or for none, from here on. */
  has(isSlotless: boolean): boolean;
  passed(trial: PlanTrial): void;
}

export function lookAhead({ length, slotless }: Line): Ahead {
  let without = slotless ?? Infinity;
  let withSlots = slotless === undefined ? Infinity : length - slotless;
  return {
    has: (isSlotless) => (isSlotless ? without : withSlots) > 0,
    passed({ slots }) {
      if (slots === 0) without -= 1;
      else withSlots -= 1;
    },
  };
}

/** @returns the place of the first trial in the line that does not come before `trial` */
export function placeInLine(line: Line, trial: PlanTrial): number {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareInQueue(line.at(middle) as PlanTrial, trial) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A queued trial and where it would stand. */
export interface NewPlace {
  /** As it stands in its line now. */
  readonly trial: PlanTrial;
  readonly to: Pick<PlanTrial, 'poolId' | 'priority' | 'rank'>;
}

/**
 * @param most so many places of each line are looked at
 * @returns the lines with these trials in their new places, cut some way behind `most`
 */
export function moveInLines(input: PlanInput, moves: readonly NewPlace[], most: number): ReadonlyMap<string, Line> {
  const lines = splitQueue(input);
  const ids = new Set(moves.map(({ trial }) => trial.id));
  const after = new Map<string, PlanTrial[]>();
  // One more than asked for: whether a line is longer shows in the answer.
  for (const [poolId, line] of lines)
    after.set(
      poolId,
      firstOf(line, most + 1 + ids.size).filter(({ id }) => !ids.has(id)),
    );
  for (const { trial, to } of moves) {
    const from = lines.get(trial.poolId);
    // Looked up in the line itself: there it may have been changed (held back, for one).
    const found = from?.at(placeInLine(from, trial));
    if (found?.id !== trial.id) continue;
    const line = after.get(to.poolId) ?? [];
    after.set(to.poolId, line);
    line.push({ ...found, ...to });
  }
  for (const line of after.values()) line.sort(compareInQueue);
  return after;
}
