/**
 * What a trial sees: environment, mounts and working directory for one attempt. Pure.
 * In a container the trial's directories appear under fixed paths; the process runtime uses the host's.
 */
import type { LaunchSpec } from '../../ports/trial-runtime.ts';
import type { TrialRow } from '../../store/trials.ts';
import { attemptFiles, trialDirectories } from '../files/directories.ts';
import path from 'node:path';

const CONTAINER_WORK = '/workspace';
const CONTAINER_ROOT = '/switchyard';

export interface LaunchFacts {
  readonly trial: TrialRow;
  /** Where the trial works, on the host. */
  readonly hostWorkDir: string;
  readonly attemptKey: string;
  readonly engineId: string;
  readonly trialsDir: string;
  /** Directory with the Python helper. */
  readonly helperDir: string;
  readonly slotUuids: readonly string[];
  readonly userEnv: Readonly<Record<string, string>>;
  /** Name of the newest finished checkpoint below the checkpoint directory; null = none. */
  readonly latestCheckpoint: string | null;
  readonly token: string;
  /** Base URL of the trial door as this runtime reaches it; null = no such door. */
  readonly apiUrl: string | null;
  readonly user: { readonly uid: number; readonly gid: number };
}

export function composeLaunch(facts: LaunchFacts): LaunchSpec {
  const { trial } = facts;
  const dirs = trialDirectories(facts.trialsDir, trial.id);
  const files = attemptFiles(facts.trialsDir, trial.id, trial.attempt);
  const inContainer = trial.spec.runtime === 'docker';
  const checkpoints = inContainer ? `${CONTAINER_ROOT}/checkpoints` : dirs.checkpoints;
  const output = inContainer ? `${CONTAINER_ROOT}/output` : dirs.output;
  const exchange = inContainer ? `${CONTAINER_ROOT}/exchange` : files.exchange;
  const helper = inContainer ? `${CONTAINER_ROOT}/python` : facts.helperDir;
  const join = inContainer ? path.posix.join : path.join;
  const ownPythonPath = facts.userEnv['PYTHONPATH'];

  const env: Record<string, string> = {
    PYTHONUNBUFFERED: '1',
    ...facts.userEnv,
    PYTHONPATH:
      ownPythonPath === undefined || ownPythonPath === ''
        ? helper
        : `${helper}${inContainer ? ':' : path.delimiter}${ownPythonPath}`,
    SWITCHYARD_TRIAL_ID: String(trial.id),
    SWITCHYARD_ATTEMPT: String(trial.attempt),
    SWITCHYARD_HPARAMS: join(exchange, 'hparams.json'),
    SWITCHYARD_CHECKPOINT_DIR: checkpoints,
    SWITCHYARD_LATEST_CHECKPOINT: facts.latestCheckpoint === null ? '' : join(checkpoints, facts.latestCheckpoint),
    SWITCHYARD_OUTPUT_DIR: output,
    SWITCHYARD_REPORT_FILE: join(exchange, 'reports.jsonl'),
    SWITCHYARD_STOP_FILE: join(exchange, 'stop'),
    ...(facts.apiUrl === null ? {} : { SWITCHYARD_API: facts.apiUrl, SWITCHYARD_TOKEN: facts.token }),
  };
  return {
    attemptId: facts.attemptKey,
    engineId: facts.engineId,
    trialId: trial.id,
    attempt: trial.attempt,
    argv: trial.spec.argv,
    image: trial.spec.image,
    workDir: inContainer ? CONTAINER_WORK : facts.hostWorkDir,
    env,
    slotUuids: facts.slotUuids,
    mounts: !inContainer
      ? []
      : [
          {
            hostPath: facts.hostWorkDir,
            containerPath: CONTAINER_WORK,
            readOnly: false,
            role: facts.hostWorkDir === dirs.work ? 'own' : 'work',
          },
          { hostPath: dirs.checkpoints, containerPath: checkpoints, readOnly: false, role: 'own' },
          { hostPath: dirs.output, containerPath: output, readOnly: false, role: 'own' },
          { hostPath: files.exchange, containerPath: exchange, readOnly: false, role: 'own' },
          { hostPath: facts.helperDir, containerPath: helper, readOnly: true, role: 'own' },
          ...trial.spec.mounts,
        ],
    limits: { cpus: trial.spec.cpus, memoryMiB: trial.spec.memoryMiB, shmMiB: trial.spec.shmMiB },
    logPath: files.log,
    stateDir: files.state,
    user: facts.user,
  };
}
