/** Works off what deleted trials left on the machine. Repeatable: an entry goes only when its removal succeeded. */
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { RuntimeKind } from '../../contract/states.ts';
import type { TrialRuntime } from '../../ports/trial-runtime.ts';
import type { Store } from '../../store/database.ts';
import { deleteGarbage, listGarbage, type Garbage } from '../../store/garbage.ts';
import { deleteSomeMetrics } from '../../store/reports.ts';
import { snapshotInUse } from '../../store/experiments.ts';
import { removeTree } from './remove-tree.ts';

/** So many entries share a transaction. */
const PAGE = 50;
const SLICE_POINTS = 3_000;

export interface GarbageDeps {
  readonly store: Store;
  readonly runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>;
  readonly trialsDir: string;
  readonly removeSnapshot: (snapshot: string) => Promise<void>;
  readonly onError: (text: string, error: unknown) => void;
}

/** @returns a function that starts a round, or lets the running one take the new entries too */
export function createGarbageCollector(deps: GarbageDeps): () => Promise<void> {
  let round: Promise<void> | null = null;
  let again = false;

  async function collect(): Promise<void> {
    do {
      again = false;
      let after = 0;
      for (;;) {
        const page = listGarbage(deps.store.db, after, PAGE);
        if (page.length === 0) break;
        after = page.at(-1)?.id ?? after;
        const removed: number[] = [];
        for (const { id, garbage } of page) {
          try {
            await removeOne(deps, garbage);
            removed.push(id);
          } catch (error) {
            deps.onError(
              `could not remove the ${garbage.kind} of a deleted trial; it is tried again at the next start`,
              error,
            );
          }
        }
        deps.store.transact(
          'garbage removed',
          (tx) => {
            deleteGarbage(tx.db, removed);
          },
          'must',
        );
      }
    } while (again);
  }

  return () => {
    if (round !== null) again = true;
    else
      round = collect().finally(() => {
        round = null;
      });
    return round;
  };
}

async function removeOne(deps: GarbageDeps, garbage: Garbage): Promise<void> {
  switch (garbage.kind) {
    case 'attempt':
      await deps.runtimes
        .get(garbage.runtime)
        ?.remove({ attemptId: garbage.key, ref: garbage.ref, logPath: garbage.logPath, stateDir: garbage.stateDir });
      return;
    case 'directory':
      // The path comes from our own database; a check costs nothing and a wrong rm -rf costs everything.
      if (path.dirname(garbage.path) !== deps.trialsDir) throw new Error(`${garbage.path} is not a trial's directory`);
      await removeTree(garbage.path);
      return;
    case 'metrics':
      while (
        deps.store.transact('delete metrics', (tx) => deleteSomeMetrics(tx.db, garbage.trialId, SLICE_POINTS), 'must') >
        0
      )
        await setImmediate();
      return;
    case 'snapshot':
      if (!snapshotInUse(deps.store.db, garbage.snapshot)) await deps.removeSnapshot(garbage.snapshot);
  }
}
