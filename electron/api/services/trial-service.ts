/** Trials: listed, looked at, acted on. */
import type {
  MetricSeries,
  MoveTo,
  Trial,
  TrialAction,
  TrialActionResult,
  TrialDetail,
} from '../../contract/trials.ts';
import { SwitchyardError } from '../../contract/errors.ts';
import { describeTrial } from '../../experiments/describe-trial.ts';
import type { SecretBox } from '../../ports/secret-box.ts';
import type { PlanViews } from '../../scheduler/plan-view.ts';
import { latestUndoId } from '../../store/undo.ts';
import type { Store } from '../../store/database.ts';
import type { TrialRow } from '../../store/trials.ts';
import { actOnManyTrials, undoMany } from '../../trials/act-on-many.ts';
import { findTrials, type TrialPage, type TrialQuestion } from '../../trials/find/find-trials.ts';
import type { ChangeTrials } from '../../trials/life/change-trials.ts';
import { previewMove, type MovePreview } from '../../trials/preview-move.ts';
import { bytesOnDisk, previewDelete, type DeletePreview } from '../../trials/removal/preview-delete.ts';
import { readSeries } from '../../trials/reports/metrics.ts';
import { requireTrial } from '../../trials/require-trial.ts';

export interface TrialService {
  listTrials(question: TrialQuestion): Promise<TrialPage<Trial>>;
  trialDetail(id: number): Promise<TrialDetail>;
  act(action: TrialAction): Promise<TrialActionResult>;
  undo(id: number): Promise<TrialActionResult>;
  deletePreview(ids: readonly number[]): Promise<DeletePreview>;
  /** @param poolId another pool: the trials go to the end of its line, whatever `to` says */
  movePreview(ids: readonly number[], to: MoveTo, poolId?: string): MovePreview;
  /** @throws SwitchyardError undo_gone where there is nothing to take back */
  undoLatest(): Promise<TrialActionResult>;
  metrics(id: number, names: readonly string[] | null, maxPoints: number, withTimes: boolean): Promise<MetricSeries[]>;
}

export interface TrialServiceDeps {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly nowMs: () => number;
  readonly changeTrials: ChangeTrials;
  readonly trialsDir: string;
  readonly toTrial: (row: TrialRow) => Trial;
  readonly slotsInPool: (poolId: string) => number;
  readonly forecast: PlanViews['preview'];
  /** Starts to work off what deleted trials left. */
  readonly collectGarbage: () => Promise<void>;
}

export function createTrialService(deps: TrialServiceDeps): TrialService {
  const { store, trialsDir } = deps;
  return {
    listTrials: (question) => findTrials(store.db, question, deps.nowMs(), deps.toTrial),
    trialDetail: (id) => describeTrial(deps, id),
    async act(action) {
      if (action.action !== 'delete' || action.dryRun === true) return actOnManyTrials(deps, action);
      const freedBytes = await bytesOnDisk(trialsDir, action.trialIds);
      const result = await actOnManyTrials(deps, action);
      void deps.collectGarbage();
      return { ...result, freedBytes };
    },
    undo: (id) => undoMany(deps.changeTrials, id),
    deletePreview: (ids) => previewDelete(store.db, trialsDir, ids),
    movePreview: (ids, to, poolId) => previewMove(store, deps.forecast, ids, to, poolId),
    async undoLatest() {
      const id = latestUndoId(store.db);
      if (id === null)
        throw new SwitchyardError('undo_gone', 'There is nothing to undo.', {
          remedy: 'Moves, archiving, and the cancel of queued trials can be taken back.',
        });
      return this.undo(id);
    },
    async metrics(id, names, maxPoints, withTimes) {
      requireTrial(store.db, id);
      return readSeries(store.db, id, names, maxPoints, withTimes);
    },
  };
}
