/**
 * Remembers what kinds of trial just failed, so that a hundred thousand alike cost one evaluation and no allocation.
 * Must be cleared whenever the pass changes what is on the slots.
 */
import type { PlanTrial } from './model.ts';

/** Sweeps have few kinds; beyond this, trials are simply evaluated. */
const MAX_SHAPES = 16;

export class ShapeCache {
  readonly #shapes: PlanTrial[] = [];

  /** @returns whether a trial that asks for the same failed since the last `clear`. */
  has(trial: PlanTrial): boolean {
    for (const known of this.#shapes) {
      if (known.slots === trial.slots && known.minFreeMiB === trial.minFreeMiB
        && known.gpuName === trial.gpuName && known.shareMiB === trial.shareMiB) return true;
    }
    return false;
  }

  add(trial: PlanTrial): void {
    if (this.#shapes.length < MAX_SHAPES) this.#shapes.push(trial);
  }

  clear(): void {
    this.#shapes.length = 0;
  }
}
