/**
 * Deleting ended trials: the rows go in the transaction together with a list of what must be removed from the machine
 * (containers, directories, snapshots nobody uses any more); that list is worked off after the commit and at every start.
 */
import { listAttempts } from '../../store/attempts.ts';
import type { Tx } from '../../store/database.ts';
import { settleDependencies } from '../../store/dependencies.ts';
import { deleteExperiment, getExperiment, listTrialIdsOf, snapshotInUse } from '../../store/experiments.ts';
import { insertGarbage } from '../../store/garbage.ts';
import { deleteTrialRow, type TrialRow } from '../../store/trials.ts';
import { attemptFiles, trialDirectories } from '../files/directories.ts';

export function deleteTrials(tx: Tx, trials: readonly TrialRow[], trialsDir: string): void {
  for (const trial of trials) {
    for (const attempt of listAttempts(tx.db, trial.id)) {
      const files = attemptFiles(trialsDir, trial.id, attempt.number);
      insertGarbage(tx.db, {
        kind: 'attempt',
        runtime: attempt.runtime,
        key: attempt.key,
        ref: attempt.ref,
        logPath: files.log,
        stateDir: files.state,
      });
    }
    insertGarbage(tx.db, { kind: 'directory', path: trialDirectories(trialsDir, trial.id).root });
    insertGarbage(tx.db, { kind: 'metrics', trialId: trial.id });
    const experiment = getExperiment(tx.db, trial.experimentId);
    settleDependencies(tx.db, trial.id, trial.outcome?.kind ?? null);
    deleteTrialRow(tx.db, trial.id);
    if (experiment !== null && listTrialIdsOf(tx.db, experiment.id).length === 0) {
      deleteExperiment(tx.db, experiment.id);
      if (experiment.snapshot !== null && !snapshotInUse(tx.db, experiment.snapshot))
        insertGarbage(tx.db, { kind: 'snapshot', snapshot: experiment.snapshot });
    }
    // The event outlives the row, so that a client that was away learns of it.
    tx.emit({ type: 'trial.deleted', trialId: trial.id, text: 'Deleted' });
    tx.removed(trial.id);
  }
}
