/**
 * What happens to an active trial with time alone: its time limit while it runs, the end of its grace period while it stops.
 *
 * At most one deadline a trial. The wall clock is asked once per deadline, from then on only the steady one counts: a clock that jumps
 * ends nothing early and nothing late.
 */
import type { Clock } from '../../ports/clock.ts';
import type { TrialRow } from '../../store/trials.ts';

/** setTimeout fires at once beyond this. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  readonly event: 'time_limit' | 'grace_over';
  /** By the wall clock. */
  readonly atMs: number;
  /** How far off it can be at most, whatever the wall clock says. */
  readonly longestMs: number;
}

export interface Deadlines {
  /** Follows an active trial as it is now: sets its deadline, lets the one it has run on, or takes it off. */
  follow(trial: TrialRow): void;
  forget(trialId: number): void;
  close(): void;
}

/** @returns what will happen to this trial if nothing else does; null = nothing */
export function deadlineOf(trial: TrialRow): Deadline | null {
  const { timeLimitS, graceS } = trial.spec;
  if (trial.state === 'running' && timeLimitS !== null && trial.startedAtMs !== null)
    return {
      event: 'time_limit',
      // An engine that was started again must not charge a trial for the time in which the machine slept.
      atMs: trial.startedAtMs + trial.frozenMs + timeLimitS * 1000,
      longestMs: timeLimitS * 1000,
    };
  const killAtMs = trial.state === 'stopping' ? (trial.stop?.killAtMs ?? null) : null;
  return killAtMs === null ? null : { event: 'grace_over', atMs: killAtMs, longestMs: graceS * 1000 };
}

interface Running {
  readonly attempt: number;
  readonly event: Deadline['event'];
  readonly atMonotonicMs: number;
  /** null = it is over. */
  timer: NodeJS.Timeout | null;
}

/** @param over called when a deadline of this attempt is over; again if the trial is followed again and still has it */
export function createDeadlines(
  clock: Clock,
  over: (trialId: number, attempt: number, event: Deadline['event']) => void,
): Deadlines {
  const running = new Map<number, Running>();

  function wait(trialId: number, one: Running): void {
    const leftMs = Math.max(one.atMonotonicMs - clock.monotonicMs(), 0);
    one.timer = setTimeout(
      () => {
        if (leftMs > MAX_TIMER_MS) {
          wait(trialId, one);
          return;
        }
        one.timer = null;
        over(trialId, one.attempt, one.event);
      },
      Math.min(leftMs, MAX_TIMER_MS),
    );
  }

  function forget(trialId: number): void {
    const one = running.get(trialId);
    if (one === undefined) return;
    if (one.timer !== null) clearTimeout(one.timer);
    running.delete(trialId);
  }

  return {
    follow(trial) {
      const deadline = deadlineOf(trial);
      const known = running.get(trial.id);
      if (deadline !== null && known?.event === deadline.event && known.attempt === trial.attempt) {
        if (known.timer === null) wait(trial.id, known);
        return;
      }
      forget(trial.id);
      if (deadline === null) return;
      const fromNowMs = Math.min(Math.max(deadline.atMs - clock.nowMs(), 0), deadline.longestMs);
      const one: Running = {
        attempt: trial.attempt,
        event: deadline.event,
        atMonotonicMs: clock.monotonicMs() + fromNowMs,
        timer: null,
      };
      running.set(trial.id, one);
      wait(trial.id, one);
    },
    forget,
    close() {
      for (const trialId of running.keys()) forget(trialId);
    },
  };
}
