/** A search whose engine is killed again and again makes the trials it would have made without. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ExperimentDetail } from '../../electron/contract/experiments.ts';
import type { MetricSeries } from '../../electron/contract/trials.ts';
import { readConfigYaml } from '../../electron/experiments/config/parse-config.ts';
import { readHyperparameter, sample } from '../../electron/experiments/searchers/hyperparameters.ts';
import { seedRandom } from '../../electron/experiments/searchers/random-numbers.ts';
import { createRandom } from './random.ts';
import { waitUntil } from '../support/processes.ts';
import { openYard } from '../support/yard.ts';

const SPACE = { x: { type: 'int', minval: 1, maxval: 1000 }, depth: 2 };
/** Its loss falls with the epochs and is the smaller the smaller x is; it never gets to its own end. */
const PROGRAM = `e=1; while [ $e -le 99 ]; do
echo '{"t":"metrics","step":'$((e * 10))',"values":{"loss":'$(({x} + 100 - e))',"epoch":'$e'}}' >>"$SWITCHYARD_REPORT_FILE"
e=$((e+1)); sleep 0.1; done`;
const TRIALS = 12;

/** What the seed draws, in the order in which trials are made. */
function drawn(seed: number): unknown[] {
  const space = readHyperparameter(SPACE, '');
  let state = seedRandom(seed);
  return Array.from({ length: TRIALS }, () => {
    const [point, next] = sample(space, state);
    state = next;
    return point;
  });
}

test.each([1, 2])('adaptive_asha on two GPUs, killed on the way, seed %i', async (seed) => {
  const yard = await openYard({ gpus: [{}, {}] });
  const { engine } = yard;
  const { experimentId } = await engine.api.submit({
    config: {
      runtime: 'process',
      entrypoint: PROGRAM,
      hyperparameters: SPACE,
      resources: { slots: 1 },
      grace_period_s: 4,
      searcher: {
        name: 'adaptive_asha',
        metric: 'loss',
        time_metric: 'epoch',
        max_time: 9,
        divisor: 3,
        max_trials: TRIALS,
        max_concurrent_trials: 4,
      },
      reproducibility: { experiment_seed: seed },
    },
    source: { kind: 'none' },
  });
  const look = (): Promise<ExperimentDetail> => engine.api.call('GET', `/experiments/${experimentId}`);
  const random = createRandom(seed);
  for (let kill = 0; kill < 4; kill++) {
    const before = (await look()).experiment.outcomes.completed;
    // Somewhere between two ends of trials: in reports, stops, starts and what the search makes of them.
    await waitUntil(
      'something ended',
      async () => {
        const { experiment } = await look();
        return experiment.outcomes.completed > before || experiment.phase === 'over';
      },
      60_000,
    );
    await new Promise((resolve) => {
      setTimeout(resolve, random.between(0, 400));
    });
    await engine.kill9();
    await engine.restart();
  }
  await waitUntil('it is over', async () => (await look()).experiment.phase === 'over', 120_000);
  const { experiment, trials, rungs } = await look();
  const byName = new Map(trials.map(({ trial }) => [trial.inSweep, trial]));
  expect(Array.from({ length: TRIALS }, (_, at) => byName.get(`t${at + 1}`)?.hparams)).toEqual(drawn(seed));
  expect(trials).toHaveLength(TRIALS);
  expect(trials.map(({ trial }) => trial.outcome?.kind)).toEqual(trials.map(() => 'completed'));
  // Every one of them was stopped by the search and says where it stood.
  for (const { trial } of trials) expect(trial.outcome?.message).toMatch(/search.*\d+(?:st|nd|rd|th) of \d+/);
  expect(experiment.best?.trialId).toBe(trials[0]?.trial.id);
  expect(trials.map(({ best }) => best)).toEqual(
    trials.map(({ best }) => best).toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  );
  expect(rungs.length).toBeGreaterThan(2);
});

test('the bundled example as a sweep of 12 on two GPUs, killed twice: it ends, the best is first, and it has its curves', async () => {
  const yard = await openYard({ gpus: [{}, {}] });
  const { engine } = yard;
  const source = path.join(import.meta.dirname, '../../resources/examples/digits');
  const { input } = readConfigYaml(readFileSync(path.join(source, 'switchyard.yaml'), 'utf8'));
  const { experimentId } = await engine.api.submit({
    config: {
      ...input,
      resources: { slots: 1 },
      grace_period_s: 10,
      hyperparameters: {
        lr: { type: 'log', minval: -4, maxval: -1 },
        hidden: { type: 'int', minval: 8, maxval: 24 },
        epochs: 75,
        seed: 1,
      },
      searcher: {
        name: 'adaptive_asha',
        metric: 'val/loss',
        time_metric: 'epoch',
        max_time: 6,
        divisor: 3,
        max_trials: TRIALS,
        max_concurrent_trials: 4,
      },
      reproducibility: { experiment_seed: 3 },
    },
    source: { kind: 'directory', path: source },
  });
  const look = (): Promise<ExperimentDetail> => engine.api.call('GET', `/experiments/${experimentId}`);
  for (const ended of [2, 6]) {
    await waitUntil('some ended', async () => (await look()).experiment.outcomes.completed >= ended, 180_000);
    await engine.kill9();
    await engine.restart();
  }
  await waitUntil('it is over', async () => (await look()).experiment.phase === 'over', 240_000);
  const { experiment, trials } = await look();
  expect(experiment).toMatchObject({ trials: TRIALS, outcomes: { completed: TRIALS }, metric: { name: 'val/loss' } });
  const values = trials.map(({ best }) => best ?? Infinity);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  const [best] = trials;
  const { series } = await engine.api.call<{ series: MetricSeries[] }>('GET', `/trials/${best?.trial.id}/metrics`);
  const loss = series.find(({ name }) => name === 'val/loss');
  // The best is among those that ran as long as any.
  expect(loss?.points.length).toBeGreaterThanOrEqual(6);
  expect(Math.min(...(loss?.points ?? []).map(([, value]) => value))).toBe(best?.best);
});
