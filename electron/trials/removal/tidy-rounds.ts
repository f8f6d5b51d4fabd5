/** When working copies that can be made anew are given back without anybody asking: each hour, and more often while the disk is short. */
import type { Clock } from '../../ports/clock.ts';

const ROUND_MS = 3_600_000;
const SHORT_ROUND_MS = 10 * 60_000;
/** An engine that has just been started has other things to do. */
const FIRST_ROUND_MS = 60_000;

export interface TidyRoundsDeps {
  readonly clock: Clock;
  readonly isFilling: () => boolean;
  /** How long after the end of its trial a copy is kept. */
  readonly keepMs: () => number;
  /** @param untilMs of trials that ended before */
  readonly freeOld: (untilMs: number) => Promise<void>;
  readonly onError: (text: string, error: unknown) => void;
}

/** @returns a function to call now and then; it returns at once, and starts a round when it is time for one */
export function createTidyRounds(deps: TidyRoundsDeps): () => void {
  let nextMs = deps.clock.monotonicMs() + FIRST_ROUND_MS;
  let shortMs = nextMs;
  let isRunning = false;
  return () => {
    const nowMs = deps.clock.monotonicMs();
    const isShort = deps.isFilling() && nowMs >= shortMs;
    if (isRunning || (nowMs < nextMs && !isShort)) return;
    nextMs = nowMs + ROUND_MS;
    shortMs = nowMs + SHORT_ROUND_MS;
    isRunning = true;
    deps
      .freeOld(deps.clock.nowMs() - (isShort ? 0 : deps.keepMs()))
      .catch((error: unknown) => {
        deps.onError('working copies could not be given back', error);
      })
      .finally(() => {
        isRunning = false;
      });
  };
}
