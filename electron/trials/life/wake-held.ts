/**
 * Trials that are held back after a failure become startable with time alone: a timer for each, at most one a trial.
 * Invariant: a trial that is not held has no timer.
 */
import type { TrialRow } from '../../store/trials.ts';
import { holdLeftMs } from './transitions.ts';

/** setTimeout fires at once beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface HeldWaker {
  /** The trial as it is now; null = it is gone. */
  watch(id: number, row: TrialRow | null): void;
  close(): void;
}

export function createHeldWaker(deps: {
  readonly nowMs: () => number;
  readonly readTrial: (id: number) => TrialRow | null;
  /** Its time may have come; the clock may have been set back meanwhile, then it is held on. */
  readonly onTime: (id: number, row: TrialRow | null) => void;
}): HeldWaker {
  const timers = new Map<number, NodeJS.Timeout>();

  function watch(id: number, row: TrialRow | null): void {
    const old = timers.get(id);
    if (old !== undefined) {
      clearTimeout(old);
      timers.delete(id);
    }
    if (row?.state !== 'queued' || row.notBeforeMs === null) return;
    const leftMs = holdLeftMs(row, deps.nowMs());
    const timer = setTimeout(
      () => {
        timers.delete(id);
        const now = deps.readTrial(id);
        if (now !== null && holdLeftMs(now, deps.nowMs()) > 0) watch(id, now);
        deps.onTime(id, now);
      },
      Math.min(leftMs + 1, MAX_TIMER_MS),
    );
    timer.unref();
    timers.set(id, timer);
  }

  return {
    watch,
    close() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
