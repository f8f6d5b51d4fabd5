/** What a trial sees: environment, mounts and working directory for one attempt. Pure. */
import { ownUuid } from '../../gpus/far-slots.ts';
import type { RuntimeKind } from '../../contract/states.ts';
import type { LaunchSpec, TrialLayout } from '../../ports/trial-runtime.ts';
import type { TrialRow } from '../../store/trials.ts';
import type { AttemptFiles } from '../files/directories.ts';
import { shareOfShell } from './shell-variables.ts';

export interface LaunchFacts {
  readonly trial: TrialRow;
  /** Where the trial finds its directories. */
  readonly layout: TrialLayout;
  readonly files: Pick<AttemptFiles, 'log' | 'state'>;
  readonly attemptKey: string;
  readonly engineId: string;
  readonly slotUuids: readonly string[];
  readonly userEnv: Readonly<Record<string, string>>;
  /** The environment of the shell it was submitted from; null = none came along. */
  readonly shellEnv: Readonly<Record<string, string>> | null;
  readonly runtime: RuntimeKind;
  /** Name of the newest finished checkpoint below the checkpoint directory; null = none. */
  readonly latestCheckpoint: string | null;
  readonly token: string;
  /** Base URL of the trial door as this runtime reaches it; null = no such door. */
  readonly apiUrl: string | null;
  readonly user: LaunchSpec['user'];
}

/** Who has a DVC Studio of their own keeps it. */
const speaksToStudio = (env: Readonly<Record<string, string>>): boolean =>
  ['DVC_STUDIO_TOKEN', 'STUDIO_TOKEN', 'DVC_STUDIO_URL', 'DVC_STUDIO_OFFLINE'].some((name) => env[name] !== undefined);

/** With these DVCLive sends its metrics here, as it is. It wants a repository's address, and only passes it on. */
function liveVariables({ apiUrl, token, trial }: LaunchFacts): Record<string, string> {
  if (apiUrl === null) return {};
  return {
    DVC_STUDIO_URL: `${apiUrl}/trial/${trial.id}/`,
    DVC_STUDIO_TOKEN: token,
    DVC_STUDIO_REPO_URL: 'switchyard',
    DVC_EXP_NAME: `trial-${trial.id}`,
  };
}

export function composeLaunch(facts: LaunchFacts): LaunchSpec {
  const { trial, files } = facts;
  const { places, paths, mounts } = facts.layout;
  const ofShell =
    facts.shellEnv === null ? {} : shareOfShell(facts.shellEnv, facts.runtime, trial.spec.mounts).variables;
  const userEnv = { ...ofShell, ...facts.userEnv };
  const ownPythonPath = userEnv['PYTHONPATH'] ?? '';
  const env: Record<string, string> = {
    PYTHONUNBUFFERED: '1',
    ...(speaksToStudio(userEnv) ? {} : liveVariables(facts)),
    ...userEnv,
    PYTHONPATH: ownPythonPath === '' ? places.helper : `${places.helper}${paths.delimiter}${ownPythonPath}`,
    SWITCHYARD_TRIAL_ID: String(trial.id),
    SWITCHYARD_ATTEMPT: String(trial.attempt),
    SWITCHYARD_HPARAMS: paths.join(places.exchange, 'hparams.json'),
    SWITCHYARD_CHECKPOINT_DIR: places.checkpoints,
    SWITCHYARD_LATEST_CHECKPOINT:
      facts.latestCheckpoint === null ? '' : paths.join(places.checkpoints, facts.latestCheckpoint),
    SWITCHYARD_OUTPUT_DIR: places.output,
    SWITCHYARD_WORK_DIR: places.work,
    SWITCHYARD_REPORT_FILE: paths.join(places.exchange, 'reports.jsonl'),
    SWITCHYARD_STOP_FILE: paths.join(places.exchange, 'stop'),
    ...(facts.apiUrl === null ? {} : { SWITCHYARD_API: facts.apiUrl, SWITCHYARD_TOKEN: facts.token }),
  };
  return {
    attemptId: facts.attemptKey,
    engineId: facts.engineId,
    trialId: trial.id,
    attempt: trial.attempt,
    argv: trial.spec.argv,
    ...(trial.spec.ofImage === undefined ? {} : { ofImage: trial.spec.ofImage }),
    image: trial.spec.image,
    workDir: places.work,
    env,
    ...(facts.shellEnv === null ? {} : { envIsWhole: true }),
    // As the machine that has them knows them.
    slotUuids: facts.slotUuids.map(ownUuid),
    mounts: [
      ...mounts,
      ...trial.spec.mounts,
      ...(trial.spec.links ?? []).map(({ hostPath, at, readOnly }) => ({
        hostPath,
        containerPath: paths.join(places.work, at),
        readOnly,
        role: 'link' as const,
      })),
    ],
    limits: trial.spec.limits,
    logPath: files.log,
    stateDir: files.state,
    user: facts.user,
  };
}
