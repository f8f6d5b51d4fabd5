/** A machine whose 8 GPUs are all taken by running trials, with a queue of any length behind them. */
import { createFakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { waitUntil } from '../support/processes.ts';
import { seedQueue } from './seed.ts';
import { actOnPool, makeDirectory, withYard, type Yard } from './yard.ts';

const GPUS = 8;

export interface BusyYard extends Yard {
  /** The last in line; 0 when nobody waits. */
  readonly lastId: number;
}

/** @param queued trials that wait behind the running ones, each for one GPU */
export async function withBusyYard<T>(topic: string, queued: number, work: (yard: BusyYard) => Promise<T>): Promise<T> {
  const dataDir = makeDirectory(topic);
  const lastId = seedQueue(dataDir, GPUS, queued);
  const { env } = createFakeGpus(
    dataDir,
    Array.from({ length: GPUS }, () => ({})),
  );
  return await withYard(topic, { dataDir, env }, async (yard) => {
    const running = (): number =>
      yard.query<{ n: number }>("SELECT COUNT(*) AS n FROM trial WHERE state IN ('starting', 'running', 'stopping')")[0]
        ?.n ?? 0;
    await waitUntil('all GPUs are taken', () => running() === GPUS);
    try {
      return await work({ ...yard, lastId });
    } finally {
      // Nothing goes on behind the measurement: the line stays, the sleepers end.
      await actOnPool(yard, 'pause');
      const { trials } = await yard.engine.api.call<{ trials: { id: number }[] }>('GET', '/trials?state=running');
      await yard.engine.api.act({ action: 'kill', trialIds: trials.map(({ id }) => id) });
      await waitUntil('the running trials have ended', () => running() === 0);
    }
  });
}
