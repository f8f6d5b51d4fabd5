/** Checkpoints: which are kept. */
import { SwitchyardError } from '../../contract/errors.ts';
import type { RetentionBody, RetentionResult } from '../../contract/retention.ts';
import type { CheckpointView } from '../../contract/trials.ts';
import { retainCheckpoints } from '../../experiments/retain-checkpoints.ts';
import type { Store } from '../../store/database.ts';
import { getCheckpoint, pinCheckpoint } from '../../store/reports.ts';

export interface CheckpointService {
  retainCheckpoints(body: RetentionBody): Promise<RetentionResult>;
  /** @throws SwitchyardError not_found */
  pinCheckpoint(id: number, pinned: boolean): CheckpointView;
}

export function createCheckpointService(deps: {
  readonly store: Store;
  readonly trialsDir: string;
}): CheckpointService {
  return {
    retainCheckpoints: (body) => retainCheckpoints(deps, body),
    pinCheckpoint: (id, pinned) =>
      deps.store.transact('pin a checkpoint', (tx) => {
        pinCheckpoint(tx.db, id, pinned);
        const checkpoint = getCheckpoint(tx.db, id);
        if (checkpoint === null) throw new SwitchyardError('not_found', `There is no checkpoint ${id} any more.`);
        const { trialId, step, path } = checkpoint;
        const which = step === null ? path : `at step ${step}`;
        const text = pinned ? `Checkpoint ${which} pinned: it stays` : `Checkpoint ${which} no longer pinned`;
        tx.emit({ type: 'trial.checkpoint_pinned', trialId, text });
        return checkpoint;
      }),
  };
}
