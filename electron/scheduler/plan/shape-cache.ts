/**
 * Remembers what kinds of trial just failed, so that a hundred thousand alike cost one evaluation and no allocation.
 * Must be cleared whenever the pass changes what is on the slots.
 */
import type { PlanTrial } from './model.ts';

/** Trials of a kind mostly stand together in the queue: the latest few kinds are enough. */
const MAX_SHAPES = 16;

export class ShapeCache {
  readonly #shapes: PlanTrial[] = [];
  #next = 0;

  /** @returns whether a trial that asks for the same failed since the last `clear`. */
  has(trial: PlanTrial): boolean {
    for (const known of this.#shapes) {
      if (
        known.slots === trial.slots &&
        known.minFreeMiB === trial.minFreeMiB &&
        known.gpuName === trial.gpuName &&
        known.shareMiB === trial.shareMiB
      )
        return true;
    }
    return false;
  }

  add(trial: PlanTrial): void {
    this.#shapes[this.#next++ % MAX_SHAPES] = trial;
  }

  clear(): void {
    this.#shapes.length = 0;
    this.#next = 0;
  }
}
