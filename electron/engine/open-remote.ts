/** The runtime of pools elsewhere: who has their machines, what a trial needs there. */
import path from 'node:path';
import { createTarArchives } from '../../native/archives/tar-archives.ts';
import type { Cloud } from '../cloud/open-cloud.ts';
import { createDestinations } from '../cloud/destinations.ts';
import { createRemoteRuntime } from '../cloud/remote-runtime.ts';
import { setupOfTarget } from '../cloud/setup-of-target.ts';
import type { FarMachines } from '../ports/far-machine.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';
import type { Ground } from './open-ground.ts';

export function openRemote(ground: Ground, farMachines: FarMachines, cloud: Cloud): TrialRuntime {
  const destinations = createDestinations({
    db: ground.store.db,
    resolve: (target) => cloud.resolve(target),
    setupOf: (trialId, target) => setupOfTarget(target, path.join(ground.paths.trials, String(trialId), 'work')),
  });
  return createRemoteRuntime({
    clock: ground.clock,
    archives: createTarArchives(),
    destinationOf: (trialId) => destinations.of(trialId),
    openProvider: async (target) => (target.provider === 'ssh' ? farMachines.provider(target) : cloud.open(target)),
    everyPlace: () => destinations.everyPlace(),
    entryDir: path.join(ground.resourcesDir, 'container'),
    onPhase: (attemptId, phase) => {
      cloud.noteAgent(attemptId, phase);
    },
    report: ground.report,
  });
}
