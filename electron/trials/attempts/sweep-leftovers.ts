/** Removes what attempts that are over left with a runtime: of an engine that died while it created them, for one. */
import type { Database } from 'better-sqlite3';
import type { RuntimeKind } from '../../contract/states.ts';
import type { TrialRuntime } from '../../ports/trial-runtime.ts';
import { liveAttemptKeys } from '../../store/attempts.ts';

/** @returns a function that starts the sweep of one runtime; it may be repeated, and a failure is reported */
export function createSweeper(deps: {
  readonly db: Database;
  readonly engineId: string;
  readonly runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>;
  readonly onError: (text: string, error: unknown) => void;
}): (kind: RuntimeKind) => void {
  return (kind) => {
    deps.runtimes
      .get(kind)
      ?.sweep(deps.engineId, liveAttemptKeys(deps.db))
      .catch((error: unknown) => {
        deps.onError(`sweep of ${kind} attempts failed`, error);
      });
  };
}
