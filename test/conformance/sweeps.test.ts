/** Sweeps and searches in a real engine: parameters in working copies, the trials a searcher makes, stops and replaces. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExperimentDetail, ExperimentList } from '../../electron/contract/experiments.ts';
import { openYard, refusal } from '../support/yard.ts';

const PARAMS = '# mine\ntrain:\n  lr: 0.1   # note\n  seed: 1\n';

function project(dir: string): string {
  const at = path.join(dir, 'project');
  fs.mkdirSync(at);
  fs.writeFileSync(path.join(at, 'params.yaml'), PARAMS);
  fs.writeFileSync(
    path.join(at, 'run.sh'),
    'cp params.yaml "$SWITCHYARD_OUTPUT_DIR/params.yaml"; cp "$SWITCHYARD_HPARAMS" "$SWITCHYARD_OUTPUT_DIR/hparams.json"; echo "lr=$1"\n',
  );
  return at;
}

describe('before a submit', () => {
  it('tells how many trials there will be, for how long, and in which GPU hours', async () => {
    const yard = await openYard({ gpus: [{}, {}] });
    const preview = await yard.engine.api.call('POST', '/experiments/preview', {
      config: {
        runtime: 'process',
        entrypoint: 'true',
        hyperparameters: { lr: { type: 'log', minval: -4, maxval: -1 } },
        resources: { slots: 1, estimated_minutes: 60 },
        searcher: {
          name: 'adaptive_asha',
          metric: 'loss',
          time_metric: 'epoch',
          max_time: 16,
          max_trials: 300,
          mode: 'aggressive',
        },
        reproducibility: { experiment_seed: 1 },
      },
      source: { kind: 'none' },
    });
    expect(preview).toMatchObject({
      kind: 'search',
      trials: 300,
      needsWord: true,
      timeMetric: 'epoch',
      trialMs: 3_600_000,
      rungs: [
        { units: 1, trials: 225 },
        { units: 4, trials: 57 },
        { units: 16, trials: 18 },
      ],
      gpuHours: { least: 225 / 16 + 57 / 4 + 18, most: 300 },
    });
    expect(await yard.engine.api.trials()).toEqual([]);
  });
});

describe('a sweep in -S', () => {
  it('is one experiment of several trials, each with its parameters in its own copy', async () => {
    const yard = await openYard();
    const source = project(yard.dir);
    const { api } = yard.engine;
    const config = {
      runtime: 'process',
      resources: { slots: 0 },
      entrypoint: ['sh', 'run.sh', '{train.lr}'],
      hyperparameters: { depth: 2 },
      set_params: ['params.yaml:train.lr=0.5,0.25', 'depth=4'],
    };
    const { experimentId, trialIds } = await api.submit({ config, source: { kind: 'directory', path: source } });
    expect(trialIds).toHaveLength(2);
    for (const id of trialIds) expect((await yard.outcomeOf(id)).kind).toBe('completed');
    const seen = await Promise.all(
      trialIds.map(async (id) => {
        const { outputDir } = await api.trial(id);
        const read = (name: string): string => fs.readFileSync(path.join(outputDir ?? '', name), 'utf8');
        return [read('params.yaml'), JSON.parse(read('hparams.json')) as unknown, (await api.log(id, 1)).trim()];
      }),
    );
    expect(seen).toEqual(
      [0.5, 0.25].map((lr) => [PARAMS.replace('0.1', String(lr)), { depth: 4, train: { lr } }, `lr=${lr}`]),
    );
    expect(fs.readFileSync(path.join(source, 'params.yaml'), 'utf8')).toBe(PARAMS);
    const { experiments } = await api.call<ExperimentList>('GET', '/experiments?kind=sweep');
    expect(experiments).toMatchObject([{ id: experimentId, kind: 'sweep', trials: 2, outcomes: { completed: 2 } }]);
    const detail = await api.call<ExperimentDetail>('GET', `/experiments/${experimentId}`);
    expect(detail.trials.map(({ trial }) => trial.inSweep)).toEqual(['t1', 't2']);
  });

  it('is refused whole for a slip, for many trials nobody spoke of, and for what would leave the directory', async () => {
    const yard = await openYard();
    const source = { kind: 'directory', path: project(yard.dir) } as const;
    const submit = (...set_params: string[]): Promise<unknown> =>
      yard.engine.api.submit({
        config: { runtime: 'process', entrypoint: 'true', resources: { slots: 0 }, set_params },
        source,
      });
    expect((await refusal(submit('train.sead=3'))).detail).toContain("did you mean 'train.seed'");
    expect(await refusal(submit('train.seed=range(201)'))).toMatchObject({ code: 'too_many_trials' });
    expect((await refusal(submit('../params.yaml:lr=3'))).detail).toContain('in the submitted directory');
    expect(await yard.engine.api.trials()).toEqual([]);
  });
});

describe('a fork', () => {
  it('begins with the newest checkpoint of its trial, on its snapshot, with other parameters', async () => {
    const yard = await openYard();
    const source = project(yard.dir);
    fs.writeFileSync(
      path.join(source, 'run.sh'),
      `if [ -z "$SWITCHYARD_LATEST_CHECKPOINT" ]; then mkdir -p "$SWITCHYARD_CHECKPOINT_DIR/one"; echo first >"$SWITCHYARD_CHECKPOINT_DIR/one/w"
echo '{"t":"checkpoint","path":"one","step":5}' >>"$SWITCHYARD_REPORT_FILE"; sleep 1
else cat "$SWITCHYARD_LATEST_CHECKPOINT/w"; grep lr params.yaml; fi\n`,
    );
    const { api } = yard.engine;
    const { trialIds } = await api.submit({
      config: {
        runtime: 'process',
        resources: { slots: 0 },
        entrypoint: ['sh', 'run.sh'],
        set_params: ['train.lr=0.5,0.25'],
      },
      source: { kind: 'directory', path: source },
    });
    const [first = 0] = trialIds;
    expect((await yard.outcomeOf(first)).kind).toBe('completed');
    const { config } = await api.trial(first);
    expect(config['set_params']).toEqual(['params.yaml:train.lr=0.5']);
    const fork = await api.call<{ trialIds: number[] }>('POST', `/trials/${first}/duplicate`, {
      config: { ...config, set_params: ['params.yaml:train.lr=0.125'] },
      fromCheckpoint: true,
    });
    expect(fork.trialIds).toHaveLength(1);
    const [forked = 0] = fork.trialIds;
    expect((await yard.outcomeOf(forked)).kind).toBe('completed');
    expect(await api.log(forked, 1)).toMatch(/first\n\s*lr: 0\.125/);
  });
});
