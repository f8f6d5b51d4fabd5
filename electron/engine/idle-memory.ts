/**
 * Gives memory back when the yard falls quiet: after a burst of trials V8 keeps what it grew to for as long as nothing is allocated.
 * One full collection, once per quiet spell, when nobody waits for anything.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Beats of the housekeeping without an active trial before it counts as quiet. */
const QUIET_BEATS = 4;

/** @returns a function to call at every beat */
export function createIdleCollector(activeCount: () => number): () => void {
  let quietBeats = 0;
  return () => {
    if (activeCount() > 0) {
      quietBeats = 0;
      return;
    }
    quietBeats += 1;
    if (quietBeats === QUIET_BEATS) collect();
  };
}

function collect(): void {
  // The collector is not exposed by default; a new context made after the flag has it (nodejs.org/api/v8.html#v8setflagsfromstringflags).
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}
