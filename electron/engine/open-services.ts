/** The services behind the routes, put together from the parts. */
import path from 'node:path';
import { createCloudService } from '../api/services/cloud-service.ts';
import { createCheckpointService } from '../api/services/checkpoint-service.ts';
import { createDiskService } from '../api/services/disk-service.ts';
import { createExperimentService } from '../api/services/experiment-service.ts';
import { createFeedService } from '../api/services/feed-service.ts';
import { createFormService } from '../api/services/form-service.ts';
import { createGpuService } from '../api/services/gpu-service.ts';
import { createLogService } from '../api/services/log-service.ts';
import { createMessageService } from '../api/services/message-service.ts';
import { createMoveService } from '../api/services/move-service.ts';
import { createPoolService } from '../api/services/pool-service.ts';
import type { Services } from '../api/services/services.ts';
import { createSettingsService } from '../api/services/settings-service.ts';
import { createSubmitService } from '../api/services/submit-service.ts';
import { createTableService } from '../api/services/table-service.ts';
import { createTrialService } from '../api/services/trial-service.ts';
import type { EngineInfo } from '../contract/feed.ts';
import type { FeedFrame } from '../ports/engine-api.ts';
import type { EngineOptions } from './engine-options.ts';
import type { PreviewFacts } from '../experiments/preview-submit.ts';
import { likeKeyOf } from '../scheduler/forecast/like-command.ts';
import { getPool } from '../store/pools.ts';
import { diagnose } from './doctor.ts';
import type { Parts } from './parts.ts';
import { describeSubmit } from './describe-submit.ts';

/** @param requestStop the engine was asked to stop */
export function openServices(options: EngineOptions, parts: Parts, requestStop: () => void): Services {
  const { ground, machine, screen, trials, plans } = parts;
  const { store, nowMs, log, secrets } = ground;
  const { world, loop, planView, gpuStatus } = plans;
  const trialsDir = ground.paths.trials;
  const submit = describeSubmit(parts);
  const examplesDir = path.join(ground.resourcesDir, 'examples');
  const knownUuids = (): ReadonlySet<string> => world.knownUuids();
  const publish = (frame: FeedFrame): void => {
    screen.feed.publish(frame);
  };
  const preview: PreviewFacts = {
    likeRunsMs: (like) => screen.likeRuns.meanMs(likeKeyOf(like)),
    atOnce: (poolId, slots) =>
      slots === 0
        ? (getPool(store.db, poolId)?.settings.maxCpuTrials ?? 0)
        : Math.floor(world.slotsOfPool(poolId).length / slots),
  };
  return {
    version: options.version,
    doctor: () => {
      // Whoever asks may just have mended something: what waits for that is tried now and not minutes later.
      for (const kind of machine.runtimes.keys()) machine.launchHolds.lift(kind);
      return diagnose(
        {
          docker: machine.runtimes.get('docker'),
          gpu: machine.probe,
          host: machine.host,
          snapshots: machine.snapshots,
        },
        ground.paths,
      );
    },
    requestStop,
    reportBug: (error, where) => log.error(where, error),
    ...createFeedService({
      store,
      feed: screen.feed,
      nowMs,
      toTrial: screen.view,
      engineInfo: () => describeEngine(options, parts),
      gpuStatus,
      planView: () => planView.current(),
      notices: () => screen.notices.list(),
      firstReading: () => world.firstReading(),
      screenCame: plans.setPace,
    }),
    ...createTrialService({
      store,
      secrets,
      nowMs,
      changeTrials: ground.changes.changeTrials,
      trialsDir,
      toTrial: screen.view,
      slotsInPool: (poolId) => world.slotsOfPool(poolId).length,
      forecast: (moved) => planView.preview(moved),
      collectGarbage: trials.collectGarbage,
    }),
    ...createCheckpointService({ store, trialsDir }),
    ...createTableService({ store, nowMs, toTrial: screen.view }),
    ...createExperimentService({
      store,
      toTrial: screen.view,
      act: {
        changeTrials: ground.changes.changeTrials,
        trialsDir,
        slotsInPool: (poolId) => world.slotsOfPool(poolId).length,
      },
      submit,
      preview,
    }),
    ...createLogService({
      store,
      trialsDir,
      logReader: trials.logReader,
      attemptEnded: (trialId, attempt) => screen.endedSignals.of(trialId, attempt),
    }),
    ...createFormService({ submit, preview, places: machine.formPlaces, examplesDir }),
    ...createSubmitService({
      submit,
      examplesDir,
      dockerAvailable: () => machine.runtimeWatch.of('docker').available,
    }),
    ...createCloudService(machine.cloud),
    ...createMoveService({
      store,
      cloud: machine.cloud,
      nowMs,
      slotsOfPool: (poolId) => (world.gpusKnown(poolId) ? world.slotsOfPool(poolId) : null),
      forecast: (moved) => planView.preview(moved),
    }),
    ...createMessageService({ store, secrets, courier: screen.courier }),
    ...createPoolService({ store, cpuCount: ground.cpuCount, knownUuids, checkTarget: machine.checkTarget }),
    ...createGpuService({
      store,
      gpuStatus,
      knownUuids,
      replan: () => {
        loop.nudge();
      },
      publish,
    }),
    ...createDiskService({ room: trials.room, freer: trials.workFreer }),
    ...createSettingsService({ store, publish }),
  };
}

function describeEngine(options: EngineOptions, { ground, machine, plans }: Parts): EngineInfo {
  const docker = machine.runtimeWatch.of('docker');
  return {
    version: options.version,
    startedAtMs: ground.startedAtMs,
    pid: process.pid,
    dockerVersion: docker.available ? docker.version : null,
    driverVersion: plans.monitor.current().driverVersion,
    defaultRuntime: docker.available ? 'docker' : 'process',
    shell: options.shell,
  };
}
