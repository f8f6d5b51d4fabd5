/**
 * Gives memory back when the engine falls quiet: after a burst of trials V8 keeps what it grew to for as long as nothing is allocated.
 * One full collection, once per quiet spell, when nobody waits for anything: with 200,000 trials in memory it holds everybody up for a fifth of a second.
 */
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Calls in a row without an active trial, and without work, before it counts as quiet. */
const QUIET_CALLS = 4;
/** An engine that waits for something to happen uses less of its thread than this. */
const QUIET_SHARE = 0.05;

export interface IdleFacts {
  readonly activeCount: () => number;
  /** The part of its time, 0 to 1, for which the thread has worked since it was asked last. */
  readonly busyShare: () => number;
  readonly collect: () => void;
}

/** @returns a function to call every few seconds */
export function createIdleCollector({ activeCount, busyShare, collect }: IdleFacts): () => void {
  let quietCalls = 0;
  return () => {
    const isBusy = busyShare() > QUIET_SHARE;
    if (isBusy || activeCount() > 0) {
      quietCalls = 0;
      return;
    }
    quietCalls += 1;
    if (quietCalls === QUIET_CALLS) collect();
  };
}

export function createBusyShare(): IdleFacts['busyShare'] {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}

export function collectAll(): void {
  // The collector is not exposed by default; a new context made after the flag has it (nodejs.org/api/v8.html#v8setflagsfromstringflags).
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}
