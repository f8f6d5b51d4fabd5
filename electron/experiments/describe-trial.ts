/** Everything there is to know of one trial, for whoever looks at it closely. */
import type { TrialDetail, Trial } from '../contract/trials.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { listAttempts } from '../store/attempts.ts';
import type { Store } from '../store/database.ts';
import { listHistory } from '../store/events.ts';
import { getExperiment } from '../store/experiments.ts';
import { listCheckpoints, listMetricNames } from '../store/reports.ts';
import type { TrialRow } from '../store/trials.ts';
import { attemptFiles, hostWorkDir, trialDirectories } from '../trials/files/directories.ts';
import { logFacts } from '../trials/log/log-store.ts';
import { requireTrial } from '../trials/require-trial.ts';
import { toAttempt } from '../trials/view.ts';
import { dumpConfigYaml } from './config/parse-config.ts';
import { ownConfig } from './own-config.ts';
import { presentConfig } from './submit.ts';

const HISTORY_ENTRIES = 500;

/** @throws SwitchyardError not_found */
export async function describeTrial(
  deps: {
    readonly store: Store;
    readonly secrets: SecretBox;
    readonly trialsDir: string;
    readonly toTrial: (row: TrialRow) => Trial;
  },
  id: number,
): Promise<TrialDetail> {
  const { db } = deps.store;
  const row = requireTrial(db, id);
  const experiment = getExperiment(db, row.experimentId);
  if (experiment === null) throw new SwitchyardError('not_found', `The experiment of trial #${id} is gone.`);
  const attempts = await Promise.all(
    listAttempts(db, id).map(async (attempt) =>
      toAttempt(attempt, (await logFacts(attemptFiles(deps.trialsDir, id, attempt.number).log)).totalBytes),
    ),
  );
  const places = trialDirectories(deps.trialsDir, id);
  const { config, shellVariables, unreadable } = presentConfig(
    deps.secrets,
    ownConfig(experiment.config, row),
    experiment.sealedEnv,
    experiment.sealedShell,
  );
  const comments = [
    ...(unreadable === null ? [] : [unreadable]),
    ...(shellVariables.length === 0
      ? []
      : [
          `With the ${shellVariables.length} variables of the shell it was submitted from: ${shellVariables.join(' ')}`,
        ]),
  ];
  return {
    trial: deps.toTrial(row),
    config,
    configYaml: `${comments.map((line) => `# ${line.replaceAll(/\p{C}/gu, '?')}\n`).join('')}${dumpConfigYaml(config)}`,
    source: experiment.sourceDir,
    snapshot: experiment.snapshot,
    snapshotInfo: experiment.snapshotInfo,
    workDir: row.attempt === 0 ? null : hostWorkDir(places, experiment),
    outputDir: row.attempt === 0 ? null : places.output,
    checkpointDir: row.attempt === 0 ? null : places.checkpoints,
    attempts,
    checkpoints: listCheckpoints(db, id),
    history: listHistory(db, id, HISTORY_ENTRIES),
    metricNames: listMetricNames(db, id),
  };
}
