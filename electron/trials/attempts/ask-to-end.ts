/**
 * How an attempt is asked to end, and ended: first a wish in a file, with the signal at once, or later for a program that asks by itself;
 * then killed until it is gone (a hung driver call outlives a SIGKILL). Effects may be repeated; signals to something gone are no errors.
 */
import { MAX_TIMER_MS } from './deadlines.ts';
import type { LiveAttempt } from './live-attempt.ts';
import type { Preparation } from './prepare.ts';

const KILL_AGAIN_MS = 10_000;

export interface Enders {
  /**
   * @param graceMs how long it has
   * @param mayEnd it may be about to end by itself: the signal waits for that whether or not the program asks
   */
  ask(live: LiveAttempt, graceMs: number, mayEnd?: boolean): void;
  kill(live: LiveAttempt): void;
  /** It is gone: no more signals. */
  forget(live: LiveAttempt): void;
  close(): void;
}

export interface EnderDeps {
  readonly stopWish: Pick<Preparation, 'wishStop' | 'asksForStop'>;
  readonly onError: (live: LiveAttempt, what: string, error: unknown) => void;
}

export function createEnders({ stopWish, onError }: EnderDeps): Enders {
  /** What an attempt was told last, and what is still to come: the signal that waits, or the next kill. */
  const told = new Map<LiveAttempt, { readonly to: 'stop' | 'die'; timer?: NodeJS.Timeout }>();

  function tell(live: LiveAttempt, to: 'stop' | 'die'): (ms: number, work: () => void) => void {
    clearTimeout(told.get(live)?.timer);
    const one: { readonly to: 'stop' | 'die'; timer?: NodeJS.Timeout } = { to };
    told.set(live, one);
    return (ms, work) => {
      // It is gone, or was told something else meanwhile.
      if (told.get(live) === one) one.timer = setTimeout(work, Math.min(ms, MAX_TIMER_MS));
    };
  }

  const terminate = (live: LiveAttempt): void => {
    live.runtime.terminate(live.handle).catch((error: unknown) => {
      onError(live, 'terminate', error);
    });
  };

  async function ask(live: LiveAttempt, graceMs: number, mayEnd: boolean): Promise<void> {
    if (told.get(live)?.to === 'die') return;
    const later = tell(live, 'stop');
    await stopWish.wishStop(live.trialId, live.attempt);
    // A program that asks sees the wish by itself; the signal would only disturb its saving. It comes when half of its time is over.
    if (mayEnd || stopWish.asksForStop(live.trialId, live.attempt))
      later(graceMs / 2, () => {
        terminate(live);
      });
    else terminate(live);
  }

  function kill(live: LiveAttempt): void {
    const later = tell(live, 'die');
    live.runtime.kill(live.handle).catch((error: unknown) => {
      onError(live, 'kill', error);
    });
    later(KILL_AGAIN_MS, () => {
      kill(live);
    });
  }

  function forget(live: LiveAttempt): void {
    clearTimeout(told.get(live)?.timer);
    told.delete(live);
  }

  return {
    ask: (live, graceMs, mayEnd = false) => {
      ask(live, graceMs, mayEnd).catch((error: unknown) => {
        onError(live, 'ask to stop', error);
      });
    },
    kill,
    forget,
    close() {
      for (const live of told.keys()) forget(live);
    },
  };
}
