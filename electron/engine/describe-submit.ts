/** What a submit needs to know of this machine, and where its code goes. */
import path from 'node:path';
import type { SubmitDeps } from '../experiments/submit.ts';
import { WORKSTATION_POOL_ID } from '../queue/pools.ts';
import { listPools } from '../store/pools.ts';
import { readSettings } from '../store/settings.ts';
import type { Parts } from './parts.ts';

export function describeSubmit({ ground, machine, plans }: Parts): SubmitDeps {
  const { runtimes, runtimeWatch } = machine;
  const { world, monitor } = plans;
  const { store, nowMs, secrets, paths } = ground;
  return {
    store,
    secrets,
    privateDirs: [paths.dir, path.dirname(paths.socket)],
    nowMs,
    refuse: async (runtime, wish) => (await runtimes.get(runtime)?.refuse?.(wish)) ?? null,
    findProgram: (name, env) => runtimes.get('process')?.findProgram?.(name, env) ?? null,
    facts: async () => {
      await world.firstReading();
      const docker = runtimeWatch.of('docker');
      const reading = monitor.current();
      return {
        pools: listPools(store.db).map(({ id, kind }) => ({
          id,
          kind,
          slots: world.slotsOfPool(id),
          gpusKnown: world.gpusKnown(id),
        })),
        defaultPoolId: WORKSTATION_POOL_ID,
        gpusKnown: reading.problem === null || reading.gpus.length > 0,
        dockerAvailable: docker.available,
        dockerProblem: docker.problem,
        random: Math.random,
      };
    },
    snapshots: machine.snapshots,
    snapshotLimitBytes: () => readSettings(store.db).snapshotLimitMiB * 1024 * 1024,
  };
}
