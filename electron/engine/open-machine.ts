/** The adapters to the machine, each behind its port. */
import path from 'node:path';
import { createDockerRuntime } from '../../native/docker/docker-runtime.ts';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { createFormPlaces } from '../../native/host/form-places.ts';
import { createHostProbe } from '../../native/host/host-probe.ts';
import { keepStarter } from '../../native/process/keep-starter.ts';
import { createLauncher } from '../../native/process/launcher.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import { createMessenger } from '../../native/messages/messenger.ts';
import { createSshMachines } from '../../native/ssh/ssh-machines.ts';
import { openSnapshots } from '../../native/snapshots/open-snapshots.ts';
import type { Cloud } from '../cloud/open-cloud.ts';
import type { PoolTarget, TargetCheck } from '../contract/targets.ts';
import type { RuntimeKind } from '../contract/states.ts';
import type { FarMachines } from '../ports/far-machine.ts';
import type { FormPlaces } from '../ports/form-places.ts';
import type { GpuProbe } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { Messenger } from '../ports/messenger.ts';
import type { Snapshots } from '../ports/snapshots.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';
import { createLaunchHolds, type LaunchHolds } from '../scheduler/launch-holds.ts';
import { createImageSupply, type ImageSupply } from '../scheduler/image-supply.ts';
import { watchRuntimes, type RuntimeWatch } from '../trials/attempts/runtime-watch.ts';
import { openRemote } from './open-remote.ts';
import { openRented } from './open-rented.ts';
import type { EngineOptions } from './engine-options.ts';
import type { Ground } from './open-ground.ts';

export interface Machine {
  readonly runtimes: ReadonlyMap<RuntimeKind, TrialRuntime>;
  readonly runtimeWatch: RuntimeWatch;
  readonly launchHolds: LaunchHolds;
  readonly imageSupply: ImageSupply;
  readonly probe: GpuProbe;
  readonly host: HostProbe;
  readonly snapshots: Snapshots;
  readonly formPlaces: FormPlaces;
  readonly messenger: Messenger;
  /** Machines that are reached over SSH. */
  readonly farMachines: FarMachines;
  /** Rented machines. */
  readonly cloud: Cloud;
  /** What is at a place a pool could be made of. Never rejects. */
  readonly checkTarget: (target: PoolTarget) => Promise<TargetCheck>;
}

export function openMachine(options: EngineOptions, ground: Ground): Machine {
  const { clock, engineId, paths } = ground;
  const { dockerHost, nvidiaSmi } = options;
  const farMachines =
    options.farMachines ?? createSshMachines({ clock, engineId, agentDir: path.join(ground.resourcesDir, 'agent') });
  ground.closers.add(() => {
    farMachines.close();
  });
  const cloud = openRented(ground);
  const runtimes =
    options.runtimes ??
    new Map<RuntimeKind, TrialRuntime>([
      [
        'process',
        createProcessRuntime({
          clock,
          launcher: createLauncher(keepStarter(path.join(ground.resourcesDir, 'process'), paths.helpers)),
        }),
      ],
      [
        'docker',
        createDockerRuntime({
          clock,
          engineId,
          entryDir: path.join(ground.resourcesDir, 'container'),
          privateDirs: [paths.dir, path.dirname(paths.socket)],
          ...(dockerHost === undefined ? {} : { dockerHost }),
        }),
      ],
      ['remote', openRemote(ground, farMachines, cloud)],
    ]);
  ground.closers.add(() => Promise.all([...runtimes.values()].map((runtime) => runtime.close())));
  const runtimeWatch = watchRuntimes(runtimes);
  ground.closers.add(() => {
    runtimeWatch.close();
  });
  const launchHolds = createLaunchHolds(clock);
  ground.closers.add(() => {
    launchHolds.close();
  });
  const imageSupply = createImageSupply({
    runtimes,
    isUp: (kind) => runtimeWatch.of(kind).available,
    holds: launchHolds,
  });
  ground.closers.add(() => {
    imageSupply.close();
  });
  const snapshots = openSnapshots({
    snapshotsDir: paths.snapshots,
    dataDir: paths.dir,
    onError: ground.report,
  });
  ground.closers.add(() => snapshots.close());
  return {
    farMachines,
    snapshots,
    formPlaces: createFormPlaces(),
    messenger: createMessenger(),
    cloud,
    checkTarget: async (target) => (target.provider === 'ssh' ? farMachines.check(target) : cloud.check(target)),
    runtimes,
    runtimeWatch,
    launchHolds,
    imageSupply,
    probe: options.gpuProbe ?? createGpuProbe(nvidiaSmi === undefined ? {} : { command: nvidiaSmi }),
    host: options.hostProbe ?? createHostProbe({ diskPath: paths.dir }),
  };
}
