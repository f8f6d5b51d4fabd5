/**
 * Faults that are not the trial's: a Docker whose disk is full or whose network is broken, GPUs that do not reach containers, a registry
 * that does not answer. One trial finds out; whoever would run into the same waits with the reason instead of trying it too.
 *
 * A hold lasts 5 s at first and twice as long each time it is found again, up to 5 min; then whoever can start tries. A launch that
 * works, or a runtime that says it changed, ends it. Held in memory only: after a restart of the engine the first launch finds out anew.
 * Failures of one burst count once.
 */
import type { RuntimeKind } from '../contract/states.ts';
import type { Clock } from '../ports/clock.ts';
import type { LaunchError, LaunchHold } from '../ports/trial-runtime.ts';
import { changeQueued } from './plan/lines.ts';
import type { PlanInput, PlanTrial } from './plan/model.ts';

const FIRST_MS = 5_000;
const LONGEST_MS = 300_000;

/** What decides whether a launch runs into the same. */
export interface LaunchKind {
  readonly runtime: RuntimeKind;
  readonly slots: number;
  readonly image: string | null;
}

interface Hold {
  readonly runtime: RuntimeKind;
  readonly kind: LaunchHold;
  /** Set for an image. */
  readonly image: string | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly count: number;
  /** On the steady clock. */
  readonly untilMs: number;
}

export interface LaunchHolds {
  /** To be told before the trial is queued again. */
  failed(launch: LaunchKind, failure: Pick<LaunchError, 'holds' | 'message' | 'remedy'>): void;
  /** It got as far as running: whatever held its like is over. */
  succeeded(launch: LaunchKind): void;
  /** Its image came: what held that is over. */
  fetched(launch: Pick<LaunchKind, 'runtime' | 'image'>): void;
  /** The runtime changed: everything may be tried again. */
  lift(runtime: RuntimeKind): void;
  /** Puts the holds on the trials they concern; the input itself where there are none. */
  apply(input: PlanInput, kindOf: (id: PlanTrial['id']) => LaunchKind | undefined): PlanInput;
  /** @returns how long launches like this are held, ms; 0 = not at all */
  leftMs(launch: LaunchKind): number;
  /** What holds more than one image, for people. */
  places(): readonly { readonly text: string; readonly remedy: string | null }[];
  /** A hold began, ended or ran out. */
  onChange(listener: () => void): void;
  close(): void;
}

export function createLaunchHolds(clock: Pick<Clock, 'monotonicMs'>): LaunchHolds {
  const holds = new Map<string, Hold>();
  const timers = new Map<string, NodeJS.Timeout>();
  const listeners: (() => void)[] = [];
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  function end(isOver: (hold: Hold) => boolean): void {
    let ended = false;
    for (const [key, hold] of holds) {
      if (!isOver(hold)) continue;
      holds.delete(key);
      clearTimeout(timers.get(key));
      timers.delete(key);
      ended = true;
    }
    if (ended) tell();
  }

  const leftOf = (hold: Hold): number => Math.max(0, hold.untilMs - clock.monotonicMs());

  function longest(launch: LaunchKind): Hold | null {
    let found: Hold | null = null;
    for (const hold of holds.values())
      if (concerns(hold, launch) && leftOf(hold) > (found === null ? 0 : leftOf(found))) found = hold;
    return found;
  }

  return {
    failed({ runtime, image }, failure) {
      if (failure.holds === null) return;
      const key = [runtime, failure.holds, failure.holds === 'image' ? image : ''].join(' ');
      const before = holds.get(key);
      if (before !== undefined && leftOf(before) > 0) return;
      const count = (before?.count ?? 0) + 1;
      const pauseMs = Math.min(FIRST_MS * 2 ** (count - 1), LONGEST_MS);
      holds.set(key, {
        runtime,
        kind: failure.holds,
        image: failure.holds === 'image' ? image : null,
        message: failure.message,
        remedy: failure.remedy,
        count,
        untilMs: clock.monotonicMs() + pauseMs,
      });
      clearTimeout(timers.get(key));
      timers.set(key, setTimeout(tell, pauseMs + 1).unref());
      tell();
    },
    succeeded(launch) {
      if (holds.size > 0) end((hold) => concerns(hold, launch));
    },
    fetched(launch) {
      end((hold) => hold.kind === 'image' && hold.runtime === launch.runtime && hold.image === launch.image);
    },
    lift(runtime) {
      end((hold) => hold.runtime === runtime);
    },
    apply(input, kindOf) {
      if (![...holds.values()].some((hold) => leftOf(hold) > 0)) return input;
      return changeQueued(input, (trial) => {
        if (trial.held !== null) return trial;
        const kind = kindOf(trial.id);
        const hold = kind === undefined ? null : longest(kind);
        if (hold === null) return trial;
        const seconds = Math.max(1, Math.round(leftOf(hold) / 1000));
        return { ...trial, held: { code: 'held' as const, text: `tried again in ${seconds} s: ${hold.message}` } };
      });
    },
    leftMs(launch) {
      const hold = longest(launch);
      return hold === null ? 0 : leftOf(hold);
    },
    places: () =>
      [...holds.values()]
        .filter(({ kind }) => kind !== 'image')
        .map(({ message, remedy }) => ({ text: message, remedy })),
    onChange(listener) {
      listeners.push(listener);
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

function concerns(hold: Hold, launch: LaunchKind): boolean {
  if (hold.runtime !== launch.runtime) return false;
  if (hold.kind === 'gpus') return launch.slots > 0;
  return hold.kind === 'image' ? hold.image === launch.image : true;
}
