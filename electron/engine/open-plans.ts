/** What decides which trial starts where and when: the queue in memory, the readings of the machine, the plan and its views. */
import { SwitchyardError } from '../contract/errors.ts';
import type { GpuStatus } from '../contract/gpus.ts';
import { poolOfGpu } from '../gpus/assess-slots.ts';
import { createFarGpus, type FarGpus } from '../gpus/far-gpus.ts';
import { createGpuMonitor, type GpuMonitor } from '../gpus/gpu-monitor.ts';
import { choosePace } from '../gpus/reading-pace.ts';
import { createDiskWatch, type DiskWatch } from '../scheduler/disk-watch.ts';
import type { QueuedImages } from '../scheduler/image-supply.ts';
import { createSchedulerLoop, type SchedulerLoop } from '../scheduler/loop.ts';
import { plan } from '../scheduler/plan/plan.ts';
import { createPlanView, REASONS_PER_POOL, type PlanViews } from '../scheduler/plan-view.ts';
import { createQueueIndex, type QueueIndex } from '../scheduler/queue-index.ts';
import { createWorld, type World } from '../scheduler/world.ts';
import { getAttempt } from '../store/attempts.ts';
import { listDependencies } from '../store/dependencies.ts';
import { listPools } from '../store/pools.ts';
import { readSettings } from '../store/settings.ts';
import { carryOutPlan } from '../trials/attempts/carry-out-plan.ts';
import { dependencyHold } from '../trials/life/dependency-hold.ts';
import { heldReason } from '../trials/life/held-reason.ts';
import { keepsClaim } from '../trials/life/transitions.ts';
import type { Ground } from './open-ground.ts';
import type { Machine } from './open-machine.ts';
import type { Screen } from './open-screen.ts';
import type { Trials } from './open-trials.ts';

export interface Plans {
  readonly index: QueueIndex;
  readonly monitor: GpuMonitor;
  readonly far: FarGpus;
  readonly disk: DiskWatch;
  readonly world: World;
  readonly loop: SchedulerLoop;
  readonly planView: PlanViews;
  readonly gpuStatus: () => GpuStatus;
  /** There may be work now, or somebody who looks, or neither any more. */
  readonly setPace: () => void;
}

export function openPlans(ground: Ground, machine: Machine, screen: Screen, trials: Trials): Plans {
  const { store, clock, nowMs, paths } = ground;
  const { notices, likeRuns } = screen;
  const index = createQueueIndex({
    runtime: screen.runtimeOf,
    likeRunsMs: (like) => likeRuns.meanMs(like),
    held: (row) =>
      dependencyHold(row.id, listDependencies(store.db, row.id)) ??
      heldReason(row, nowMs(), () => getAttempt(store.db, row.id, row.attempt)?.message ?? null),
    keepsClaim,
  });
  const monitor = createGpuMonitor({
    probe: machine.probe,
    host: machine.host,
    clock,
    attribute: () => trials.runner.ownPids(),
    thresholdMiB: (uuid) => poolOfGpu(listPools(store.db), uuid)?.settings.foreignThresholdMiB ?? 0,
  });
  ground.closers.add(() => {
    monitor.close();
  });
  const far = createFarGpus({
    machines: machine.farMachines,
    clock,
    pools: () => listPools(store.db),
    trialOf: (attemptId) => trialOfAttempt(ground.engineId, attemptId),
  });
  far.sync();
  ground.closers.add(() => {
    far.close();
  });
  const disk = createDiskWatch({
    host: machine.host,
    dataDir: paths.dir,
    leastFreeMiB: () => readSettings(store.db).minFreeDiskMiB,
    useText: () => trials.room.sentence(),
    notices,
  });
  const world = createWorld({
    store,
    clock,
    index,
    monitor,
    far,
    rentedGpus: (target) => machine.cloud.gpusOf(target),
    heldRuntime: (kind) => machine.runtimeWatch.held(kind),
    diskProblem: () => disk.problem(),
    estimateActive: screen.estimateActive,
  });
  const carryOut = {
    changeTrials: ground.changes.startSoon,
    engineId: ground.engineId,
    tokens: trials.tokens,
  };
  const queue: QueuedImages = { kindOf: (id) => index.get(Number(id)), images: (kind) => index.images(kind) };
  const loop = createSchedulerLoop({
    readWorld: () => machine.imageSupply.apply(machine.launchHolds.apply(world.read(), queue.kindOf), queue),
    plan: (input) => {
      const output = plan(input, REASONS_PER_POOL);
      world.notePlan(output);
      return output;
    },
    carryOut: (output) => {
      carryOutPlan(carryOut, output);
    },
    onError: (error) => {
      if (error instanceof SwitchyardError && error.code === 'disk_full')
        notices.raise({ id: 'database', level: 'error', text: error.message, remedy: error.remedy ?? null });
      ground.report('scheduler pass failed', error);
    },
  });
  ground.closers.add(() => {
    loop.stop();
  });
  return {
    index,
    monitor,
    far,
    disk,
    world,
    loop,
    planView: createPlanView({ clock, loop, world, index }),
    gpuStatus: () => {
      const elsewhere = far.status();
      return {
        ...monitor.current(),
        slots: world.slotViews(),
        history: { ...monitor.history(), ...far.history() },
        ...(elsewhere.length === 0 ? {} : { elsewhere }),
      };
    },
    setPace: () => {
      const pace = choosePace(index.active().length > 0 || index.queuedCount() > 0, screen.feed.hasScreen());
      monitor.setPace(pace);
      far.setPace(pace);
    },
  };
}

/** @returns the trial of an attempt's key (see LaunchSpec.attemptId); null = of another engine */
function trialOfAttempt(engineId: string, attemptId: string): number | null {
  const prefix = `switchyard-${engineId}-t`;
  if (!attemptId.startsWith(prefix)) return null;
  const found = /^(\d+)-a\d+$/.exec(attemptId.slice(prefix.length))?.[1];
  return found === undefined ? null : Number(found);
}
