/**
 * The scheduler's loop: gathers the world, lets `plan` decide, hands the decisions to be carried out. It runs when something changed
 * (nudge) and on a slow beat for what changes with time alone (opening hours, idle rules, back-off).
 * Between reading the world and carrying out the decisions nothing else runs (all of it is synchronous), so a plan is never stale.
 */
import type { PlanInput, PlanOutput } from './model.ts';

const BEAT_MS = 5_000;
/** The screen gets a new plan and forecast at most this often. */
const PUBLISH_EVERY_MS = 500;

export interface LoopDeps {
  readonly readWorld: () => PlanInput;
  readonly plan: (input: PlanInput) => PlanOutput;
  /** Writes the decisions and performs what follows. A failure is reported and tried again with the next pass. */
  readonly carryOut: (output: PlanOutput) => void;
  /** A new plan for the screen, throttled. */
  readonly onPlanned: () => void;
  readonly onError: (error: unknown) => void;
}

export interface SchedulerLoop {
  /** Something changed: plan soon. Cheap, may be called at any time. */
  nudge(): void;
  /** The last plan with its input; null before the first pass. */
  latest(): { readonly input: PlanInput; readonly output: PlanOutput } | null;
  start(): void;
  stop(): void;
}

export function createSchedulerLoop(deps: LoopDeps): SchedulerLoop {
  let latest: { input: PlanInput; output: PlanOutput } | null = null;
  let pending: NodeJS.Immediate | null = null;
  let beat: NodeJS.Timeout | null = null;
  let publish: NodeJS.Timeout | null = null;
  let running = false;
  let passing = false;

  function pass(): void {
    pending = null;
    if (!running) return;
    passing = true;
    try {
      const input = deps.readWorld();
      const output = deps.plan(input);
      latest = { input, output };
      deps.carryOut(output);
    } catch (error) {
      deps.onError(error);
    } finally {
      passing = false;
    }
    publish ??= setTimeout(() => {
      publish = null;
      deps.onPlanned();
    }, PUBLISH_EVERY_MS);
  }

  return {
    nudge() {
      // What a pass changes itself is known to it.
      if (!running || passing) return;
      pending ??= setImmediate(pass);
    },
    latest: () => latest,
    start() {
      running = true;
      beat = setInterval(() => { this.nudge(); }, BEAT_MS);
      this.nudge();
    },
    stop() {
      running = false;
      if (beat !== null) clearInterval(beat);
      if (pending !== null) clearImmediate(pending);
      if (publish !== null) clearTimeout(publish);
    },
  };
}
