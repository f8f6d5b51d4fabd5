/**
 * The scheduler's loop: gathers the world, lets `plan` decide, hands the decisions to be carried out. It runs when something changed
 * (nudge) and on a slow beat for what changes with time alone (opening hours, idle rules, back-off).
 * With a short queue a pass follows a change at once. Over a very long one it takes milliseconds, and then a burst of changes
 * (a thousand submits) shares its passes, so that planning leaves the engine nine tenths of its time. Only what came free is
 * planned at once however long the queue is.
 * Between reading the world and carrying out the decisions nothing else runs (all of it is synchronous), so a plan is never stale.
 */
import type { PlanInput, PlanOutput } from './plan/model.ts';

const BEAT_MS = 5_000;
/** The screen gets a new plan and forecast at most this often. */
const PUBLISH_EVERY_MS = 500;
/** A pass that took less is followed by the next one without a rest. */
const QUICK_PASS_MS = 1;
/** A longer one is followed by a rest of this many times its length... */
const REST_TIMES = 9;
/** ...but never longer than a person waits without noticing. */
const MAX_REST_MS = 200;

export interface LoopDeps {
  readonly readWorld: () => PlanInput;
  readonly plan: (input: PlanInput) => PlanOutput;
  /** Writes the decisions and performs what follows. A failure is reported and tried again with the next pass. */
  readonly carryOut: (output: PlanOutput) => void;
  readonly onError: (error: unknown) => void;
}

export interface SchedulerLoop {
  /** Something changed: plan soon, or at once when `urgent` (a slot came free). Cheap, may be called at any time. */
  nudge(urgent?: boolean): void;
  /** The last plan with its input; null before the first pass. */
  latest(): { readonly input: PlanInput; readonly output: PlanOutput } | null;
  /** There is a new plan for the screen, throttled. */
  onPlanned(listener: () => void): void;
  start(): void;
  stop(): void;
}

export function createSchedulerLoop(deps: LoopDeps): SchedulerLoop {
  let latest: { input: PlanInput; output: PlanOutput } | null = null;
  /** Takes back the pass that is due; null when none is. */
  let cancelPending: (() => void) | null = null;
  const listeners: (() => void)[] = [];
  let restUntilMs = 0;
  let beat: NodeJS.Timeout | null = null;
  let publish: NodeJS.Timeout | null = null;
  let running = false;
  let passing = false;

  function pass(): void {
    cancelPending = null;
    if (!running) return;
    passing = true;
    const beganMs = performance.now();
    try {
      const input = deps.readWorld();
      const output = deps.plan(input);
      latest = { input, output };
      const nowMs = performance.now();
      restUntilMs = nowMs + restAfter(nowMs - beganMs);
      deps.carryOut(output);
    } catch (error) {
      deps.onError(error);
    } finally {
      passing = false;
    }
    publish ??= setTimeout(() => {
      publish = null;
      for (const listener of listeners) listener();
    }, PUBLISH_EVERY_MS);
  }

  function passAfter(restMs: number): () => void {
    if (restMs > 0) {
      const timer = setTimeout(pass, restMs);
      return () => {
        clearTimeout(timer);
      };
    }
    const immediate = setImmediate(pass);
    return () => {
      clearImmediate(immediate);
    };
  }

  return {
    nudge(urgent = false) {
      // What a pass changes itself is known to it.
      if (!running || passing) return;
      if (urgent) {
        cancelPending?.();
        cancelPending = passAfter(0);
      } else cancelPending ??= passAfter(restUntilMs - performance.now());
    },
    latest: () => latest,
    onPlanned(listener) {
      listeners.push(listener);
    },
    start() {
      running = true;
      beat = setInterval(() => {
        this.nudge();
      }, BEAT_MS);
      this.nudge();
    },
    stop() {
      running = false;
      if (beat !== null) clearInterval(beat);
      cancelPending?.();
      cancelPending = null;
      if (publish !== null) clearTimeout(publish);
    },
  };
}

/** @param tookMs length of the pass. @returns how long the engine does other things before the next one, ms */
function restAfter(tookMs: number): number {
  return tookMs < QUICK_PASS_MS ? 0 : Math.min(MAX_REST_MS, REST_TIMES * tookMs);
}
