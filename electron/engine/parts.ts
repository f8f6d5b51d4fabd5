/** The parts of an engine, in the order in which they are opened: each knows those before it. */
import type { Ground } from './open-ground.ts';
import type { Machine } from './open-machine.ts';
import type { Plans } from './open-plans.ts';
import type { Screen } from './open-screen.ts';
import type { Trials } from './open-trials.ts';

export interface Parts {
  readonly ground: Ground;
  readonly machine: Machine;
  readonly screen: Screen;
  readonly trials: Trials;
  readonly plans: Plans;
}
