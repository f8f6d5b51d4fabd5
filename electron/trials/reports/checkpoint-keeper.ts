/** Removes older checkpoints of a trial when a new one is there, as its configuration or else the setting says. */
import { getTrialRow } from '../../store/trials.ts';
import type { Store } from '../../store/database.ts';
import { deleteCheckpoints, listCheckpoints } from '../../store/reports.ts';
import { trialDirectories } from '../files/directories.ts';
import { pruneCheckpoints } from '../files/prune-checkpoints.ts';

export interface CheckpointKeeper {
  /** A checkpoint of this trial was saved. Returns at once. */
  saved(trialId: number): void;
  /** Settles when what was begun has ended. */
  idle(): Promise<void>;
}

export interface CheckpointKeeperDeps {
  readonly store: Store;
  readonly trialsDir: string;
  /** For trials whose configuration says nothing; 0 = all are kept. */
  readonly keepByDefault: () => number;
  readonly onError: (text: string, error: unknown) => void;
}

export function createCheckpointKeeper(deps: CheckpointKeeperDeps): CheckpointKeeper {
  const { store } = deps;
  let last: Promise<void> = Promise.resolve();
  const waiting = new Set<number>();

  async function prune(trialId: number): Promise<void> {
    const trial = getTrialRow(store.db, trialId);
    if (trial === null) return;
    const keepLast = trial.spec.keepCheckpoints ?? deps.keepByDefault();
    if (keepLast < 1) return;
    const pinned = new Set(listCheckpoints(store.db, trialId).flatMap((one) => (one.pinned ? [one.path] : [])));
    const { checkpoints } = trialDirectories(deps.trialsDir, trialId);
    const { removed, left } = await pruneCheckpoints(checkpoints, keepLast, pinned);
    if (removed.length === 0) return;
    const which = removed.map(({ step, name }) => (step === null ? name : `step ${step}`));
    const shown = which.length > 3 ? `${which.slice(0, 3).join(', ')} and ${which.length - 3} more` : which.join(', ');
    store.transact('remove older checkpoints', (tx) => {
      if (getTrialRow(tx.db, trialId) === null) return;
      const gone = listCheckpoints(tx.db, trialId).filter(({ path }) => !left.has(path));
      deleteCheckpoints(
        tx.db,
        gone.map(({ id }) => id),
      );
      const kept = keepLast === 1 ? 'one is' : `${keepLast} are`;
      const text = `Removed the ${which.length === 1 ? 'checkpoint' : 'checkpoints'} of ${shown}: the newest ${kept} kept`;
      tx.emit({ type: 'trial.checkpoints_removed', trialId, text });
    });
  }

  return {
    saved(trialId) {
      if (waiting.has(trialId)) return;
      waiting.add(trialId);
      last = last
        .then(() => {
          waiting.delete(trialId);
          return prune(trialId);
        })
        .catch((error: unknown) => {
          deps.onError(`older checkpoints of #${trialId} could not be removed`, error);
        });
    },
    idle: () => last,
  };
}
