/**
 * Gives memory back when the engine falls quiet: after a burst of trials V8 keeps what it grew to for as long as nothing is allocated.
 * One full collection, once per quiet spell, when nobody waits for anything.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Calls in a row without an active trial before it counts as quiet. */
const QUIET_CALLS = 4;

/** @returns a function to call every few seconds */
export function createIdleCollector(activeCount: () => number): () => void {
  let quietCalls = 0;
  return () => {
    if (activeCount() > 0) {
      quietCalls = 0;
      return;
    }
    quietCalls += 1;
    if (quietCalls === QUIET_CALLS) collect();
  };
}

function collect(): void {
  // The collector is not exposed by default; a new context made after the flag has it (nodejs.org/api/v8.html#v8setflagsfromstringflags).
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}
