import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrialLayout } from '../../../../electron/ports/trial-runtime.ts';
import { composeLaunch, type LaunchFacts } from '../../../../electron/trials/attempts/compose-launch.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const elsewhere: TrialLayout = {
  places: { work: '/w', checkpoints: '/c', output: '/o', exchange: '/x', helper: '/h' },
  paths: path.posix,
  mounts: [{ hostPath: '/host/w', containerPath: '/w', readOnly: false }],
};
const launch = (over: Partial<LaunchFacts> = {}) =>
  composeLaunch({
    trial: makeTrialRow({ id: 7, attempt: 2 }),
    layout: elsewhere,
    files: { log: '/l', state: '/s' },
    attemptKey: 'switchyard-e-t7-a2',
    engineId: 'e',
    slotUuids: ['GPU-1'],
    userEnv: {},
    shellEnv: null,
    runtime: 'process',
    latestCheckpoint: null,
    token: 'secret',
    apiUrl: null,
    user: { uid: 1, gid: 1 },
    ...over,
  });

describe('composeLaunch', () => {
  it('names every place as the trial will find it', () => {
    const { env, workDir, logPath, stateDir } = launch({ latestCheckpoint: 'step-100' });
    expect({ workDir, logPath, stateDir }).toEqual({ workDir: '/w', logPath: '/l', stateDir: '/s' });
    expect(env).toEqual({
      PYTHONUNBUFFERED: '1',
      PYTHONPATH: '/h',
      SWITCHYARD_TRIAL_ID: '7',
      SWITCHYARD_ATTEMPT: '2',
      SWITCHYARD_HPARAMS: '/x/hparams.json',
      SWITCHYARD_CHECKPOINT_DIR: '/c',
      SWITCHYARD_LATEST_CHECKPOINT: '/c/step-100',
      SWITCHYARD_OUTPUT_DIR: '/o',
      SWITCHYARD_WORK_DIR: '/w',
      SWITCHYARD_REPORT_FILE: '/x/reports.jsonl',
      SWITCHYARD_STOP_FILE: '/x/stop',
    });
  });

  it("puts the user's variables over ours, but not over the trial's own", () => {
    const { env } = launch({
      userEnv: { PYTHONUNBUFFERED: '0', SWITCHYARD_TRIAL_ID: '1', PYTHONPATH: '/mine' },
      apiUrl: 'http://api',
    });
    expect(env).toMatchObject({
      PYTHONUNBUFFERED: '0',
      SWITCHYARD_TRIAL_ID: '7',
      PYTHONPATH: '/h:/mine',
      SWITCHYARD_API: 'http://api',
      SWITCHYARD_TOKEN: 'secret',
    });
    expect(launch().env).not.toHaveProperty('SWITCHYARD_TOKEN');
  });

  it('sends what DVCLive logs here, unless the user has a Studio', () => {
    const { env } = launch({ apiUrl: 'http://api:1' });
    expect(env).toMatchObject({
      DVC_STUDIO_URL: 'http://api:1/trial/7/',
      DVC_STUDIO_TOKEN: 'secret',
      DVC_EXP_NAME: 'trial-7',
    });
    const own = launch({ apiUrl: 'http://api:1', userEnv: { DVC_STUDIO_TOKEN: 'mine' } }).env;
    expect(own['DVC_STUDIO_TOKEN']).toBe('mine');
    expect(own).not.toHaveProperty('DVC_STUDIO_URL');
    expect(launch().env).not.toHaveProperty('DVC_STUDIO_URL');
  });

  const shellEnv = {
    HOME: '/home/me',
    PATH: '/venv/bin',
    PYTHONPATH: '/lib',
    OMP_NUM_THREADS: '4',
    WANDB_MODE: 'offline',
    HF_HOME: '/data/hf',
    HTTPS_PROXY: 'http://127.0.0.1:3128',
    HTTP_PROXY: 'http://proxy:3128',
  };

  it('gives a process all of the shell it was submitted from, under what the configuration sets', () => {
    const spec = launch({ shellEnv, userEnv: { WANDB_MODE: 'online' } });
    expect(spec.envIsWhole).toBe(true);
    expect(spec.env).toMatchObject({ ...shellEnv, WANDB_MODE: 'online', PYTHONPATH: '/h:/lib' });
    expect(launch()).not.toHaveProperty('envIsWhole');
  });

  it('gives a container the variables of tools, less those that name a place it does not see', () => {
    const { env } = launch({ shellEnv, runtime: 'docker' });
    expect(env).toMatchObject({ OMP_NUM_THREADS: '4', WANDB_MODE: 'offline', HTTP_PROXY: 'http://proxy:3128' });
    for (const name of ['HOME', 'PATH', 'HF_HOME', 'HTTPS_PROXY']) expect(env).not.toHaveProperty(name);
    expect(env['PYTHONPATH']).toBe('/h');
    const mounted = makeTrialRow({
      spec: { ...makeTrialRow().spec, mounts: [{ hostPath: '/data', containerPath: '/data', readOnly: true }] },
    });
    expect(launch({ shellEnv, runtime: 'docker', trial: mounted }).env).toHaveProperty('HF_HOME', '/data/hf');
  });

  it("adds the user's mounts behind those that the runtime needs", () => {
    const own = { hostPath: '/data', containerPath: '/data', readOnly: true };
    const trial = makeTrialRow({ spec: { ...makeTrialRow().spec, mounts: [own] } });
    expect(launch({ trial }).mounts).toEqual([...elsewhere.mounts, own]);
    const links = [{ hostPath: '/p/data', at: 'data', readOnly: true }];
    const linked = makeTrialRow({ spec: { ...trial.spec, links } });
    expect(launch({ trial: linked }).mounts.at(-1)).toEqual({
      hostPath: '/p/data',
      containerPath: '/w/data',
      readOnly: true,
      role: 'link',
    });
  });
});
