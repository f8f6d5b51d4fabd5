/** A yard with one of everything: what screenshots and accessibility checks look at. */
import type { SubmitBodyInput } from '../../../electron/contract/config.ts';
import { fakeUuid, type FakeGpu } from '../../fakes/nvidia-smi/scenario.ts';
import { waitUntil } from '../../support/processes.ts';
import type { App } from '../app.ts';

export const GPUS: readonly FakeGpu[] = [
  { name: 'NVIDIA GeForce RTX 4090', utilizationPct: 97, temperatureC: 71, usedMiB: 12 },
  { name: 'NVIDIA GeForce RTX 4090', utilizationPct: 34, temperatureC: 52 },
  { name: 'NVIDIA GeForce RTX 4090' },
];

export interface YardInUse {
  readonly running: number;
  readonly queued: readonly number[];
  readonly paused: number;
  readonly failed: number;
  readonly completed: number;
}

/** A running trial with metrics, three that wait, one paused with a checkpoint, one failed, one completed; a foreign process on GPU 1, GPU 2 kept back. */
export async function fillYard({
  engine,
  gpus,
  project,
}: Pick<App, 'engine' | 'gpus' | 'project'>): Promise<YardInUse> {
  gpus.addForeign(fakeUuid(1), { pid: 4312, name: '/opt/conda/bin/jupyter', usedMiB: 11_000 });
  await engine.api.call('PATCH', `/slots/${fakeUuid(2)}`, { keptBack: true });
  await engine.waitFor(
    'the engine sees the foreign process',
    ({ gpus: { slots } }) => (slots[1]?.foreignBy ?? null) !== null,
  );
  const submit = async (
    name: string,
    more: Record<string, unknown>,
    slots: number,
    steps = 100_000,
  ): Promise<number> => {
    const config: SubmitBodyInput['config'] = {
      name,
      runtime: 'process',
      entrypoint: './train.sh',
      resources: { slots, estimated_minutes: 90 },
      environment: { environment_variables: { STEPS: String(steps) } },
      hyperparameters: { lr: 0.0003, wd: 0.05 },
      ...more,
    };
    const {
      trialIds: [id = 0],
    } = await engine.api.submit({ config, source: { kind: 'directory', path: project } });
    return id;
  };
  const hasReached = (id: number, step: number): Promise<boolean> =>
    waitUntil(`trial ${id} reaches step ${step}`, async () => ((await engine.api.trial(id)).trial.step ?? 0) >= step);
  const completed = await submit('warm-up', {}, 0, 3);
  const failed = await submit('typo', { entrypoint: 'cd . && pyhton train.py' }, 0);
  const paused = await submit('diffusion-64', { hyperparameters: { ema: 0.9999 } }, 0);
  await hasReached(paused, 2);
  await engine.api.act({ action: 'pause', trialIds: [paused] });
  const running = await submit('vit-base', { labels: ['baseline'] }, 1);
  const queued = [
    await submit('segformer-b2', {}, 1),
    await submit('llama-lora-8b', { hyperparameters: { r: 16, bs: '2x8' } }, 2),
    await submit('paper-figure-3', {}, 1),
  ];
  await engine.waitFor(
    'everything is where it should be',
    ({ trials }) =>
      trials.get(running)?.state === 'running' &&
      trials.get(paused)?.state === 'paused' &&
      trials.get(failed)?.state === 'done' &&
      trials.get(completed)?.state === 'done',
  );
  await hasReached(running, 5);
  return { running, queued, paused, failed, completed };
}
