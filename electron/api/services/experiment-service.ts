/** Experiments as wholes: sweeps and searches with their trials. */
import type { ExperimentDetail, ExperimentKind, ExperimentList } from '../../contract/experiments.ts';
import type { Trial } from '../../contract/trials.ts';
import { describeExperiment, describeExperiments } from '../../experiments/describe-experiment.ts';
import type { Store } from '../../store/database.ts';
import type { TrialRow } from '../../store/trials.ts';

export interface ExperimentService {
  experiments(page: {
    readonly before: number | null;
    readonly kind: ExperimentKind | null;
    readonly limit: number;
  }): ExperimentList;
  /** @throws SwitchyardError not_found */
  experiment(id: number): ExperimentDetail;
}

export function createExperimentService(deps: {
  readonly store: Store;
  readonly toTrial: (row: TrialRow) => Trial;
}): ExperimentService {
  const { db } = deps.store;
  return {
    experiments: (page) => describeExperiments(db, page),
    experiment: (id) => describeExperiment(db, id, deps.toTrial),
  };
}
