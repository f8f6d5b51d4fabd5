/** Experiments as wholes: sweeps and searches with their trials. */
import type { SubmitBody } from '../../contract/config.ts';
import type {
  ExperimentAction,
  ExperimentDetail,
  ExperimentKind,
  ExperimentList,
  SearchPreview,
} from '../../contract/experiments.ts';
import type { Trial, TrialActionResult } from '../../contract/trials.ts';
import { actOnExperiment } from '../../experiments/act-on-experiment.ts';
import { describeExperiment, describeExperiments } from '../../experiments/describe-experiment.ts';
import { previewSubmit, type PreviewFacts } from '../../experiments/preview-submit.ts';
import type { SubmitDeps } from '../../experiments/submit.ts';
import type { Store } from '../../store/database.ts';
import type { TrialRow } from '../../store/trials.ts';
import type { ActionContext } from '../../trials/actions.ts';

export interface ExperimentService {
  experiments(page: {
    readonly before: number | null;
    readonly kind: ExperimentKind | null;
    readonly limit: number;
    readonly ids: readonly number[] | null;
  }): ExperimentList;
  /** @throws SwitchyardError not_found */
  experiment(id: number): ExperimentDetail;
  actOnExperiment(id: number, action: ExperimentAction): Promise<TrialActionResult>;
  previewSubmit(body: Pick<SubmitBody, 'config' | 'source'>): Promise<SearchPreview>;
}

export function createExperimentService(deps: {
  readonly store: Store;
  readonly toTrial: (row: TrialRow) => Trial;
  readonly act: ActionContext;
  readonly submit: SubmitDeps;
  readonly preview: PreviewFacts;
}): ExperimentService {
  const { db } = deps.store;
  return {
    experiments: (page) => describeExperiments(db, page),
    experiment: (id) => describeExperiment(db, id, deps.toTrial),
    actOnExperiment: (id, action) => actOnExperiment({ ...deps.act, db }, id, action),
    previewSubmit: (body) => previewSubmit(deps.submit, deps.preview, body),
  };
}
