/** What the entries and doors get of the engine: its API, the feed, and its end. */
import path from 'node:path';
import { createApi } from '../api/app.ts';
import { makeServices } from '../api/make-services.ts';
import { SwitchyardError } from '../contract/errors.ts';
import { takeSnapshot } from '../experiments/snapshot.ts';
import type { SubmitDeps } from '../experiments/submit.ts';
import type { Engine } from '../ports/engine-api.ts';
import { WORKSTATION_POOL_ID } from '../queue/pools.ts';
import { listPools } from '../store/pools.ts';
import { readSettings } from '../store/settings.ts';
import { diagnose } from './doctor.ts';
import type { EngineOptions } from './engine-options.ts';
import type { Parts } from './parts.ts';

export function openFace(options: EngineOptions, parts: Parts): Engine {
  const { ground, machine, screen, trials, plans } = parts;
  const { store, paths, nowMs, log } = ground;
  const { runtimes, runtimeWatch } = machine;
  const { feed, notices } = screen;
  const { monitor, loop, planView, gpuStatus, setPace } = plans;
  const stop = Promise.withResolvers<void>();
  const api = createApi(
    makeServices({
      version: options.version,
      store,
      feed,
      world: plans.world,
      changeTrials: ground.changes.changeTrials,
      trialsDir: paths.trials,
      examplesDir: path.join(ground.resourcesDir, 'examples'),
      dockerAvailable: () => runtimeWatch.of('docker').available,
      cpuCount: ground.cpuCount,
      nowMs,
      toTrial: screen.view,
      gpuStatus,
      planView: () => planView.current(),
      previewForecast: (moved) => planView.preview(moved),
      submit: submitDeps(parts),
      engineInfo: () => {
        const docker = runtimeWatch.of('docker');
        return {
          version: options.version,
          startedAtMs: ground.startedAtMs,
          pid: process.pid,
          dockerVersion: docker.available ? docker.version : null,
          driverVersion: monitor.current().driverVersion,
          defaultRuntime: docker.available ? 'docker' : 'process',
          shell: options.shell,
        };
      },
      notices: () => notices.list(),
      attemptEnded: (trialId, attempt) => screen.endedSignals.of(trialId, attempt),
      doctor: () =>
        diagnose(
          {
            docker: runtimes.get('docker') ?? { diagnose: async () => [] },
            gpu: machine.probe,
            host: machine.host,
          },
          paths.dir,
        ),
      collectGarbage: trials.collectGarbage,
      replan: () => {
        loop.nudge();
      },
      screenCame: setPace,
      requestStop: () => {
        stop.resolve();
      },
      reportBug: (error, where) => log.error(where, error),
    }),
  );
  let closed = false;
  return {
    paths,
    fetch: async (request) => (closed ? refuseAfterClose() : api.fetch(request)),
    trialFetch: trials.trialFetch,
    // The tray and notifications listen; they are no screen.
    subscribe: (listener) => feed.subscribe(listener, false),
    activeCount: () => plans.index.active().length,
    stopRequested: stop.promise,
    close: async () => {
      closed = true;
      await ground.closers.closeAll();
    },
  };
}

/** What a submit needs to know of this machine, and where its code goes. */
function submitDeps({ ground, machine, plans }: Parts): SubmitDeps {
  const { runtimes, runtimeWatch } = machine;
  const { world, monitor } = plans;
  const { store, paths, nowMs, secrets } = ground;
  return {
    store,
    secrets,
    nowMs,
    refuse: async (runtime, wish) => (await runtimes.get(runtime)?.refuse?.(wish)) ?? null,
    findProgram: (name, env) => runtimes.get('process')?.findProgram?.(name, env) ?? null,
    facts: async () => {
      await world.firstReading();
      const docker = runtimeWatch.of('docker');
      const reading = monitor.current();
      return {
        pools: listPools(store.db).map(({ id }) => ({ id, slots: world.slotsOfPool(id) })),
        defaultPoolId: WORKSTATION_POOL_ID,
        gpusKnown: reading.problem === null || reading.gpus.length > 0,
        dockerAvailable: docker.available,
        dockerProblem: docker.problem,
        random: Math.random,
      };
    },
    freeze: (directory) =>
      takeSnapshot({
        sourceDir: directory,
        snapshotsDir: paths.snapshots,
        limitBytes: readSettings(store.db).snapshotLimitMiB * 1024 * 1024,
      }),
  };
}

function refuseAfterClose(): Response {
  const problem = new SwitchyardError('shutting_down', 'The engine is stopping.', { remedy: 'Start it again.' });
  return Response.json(problem.toProblem(), {
    status: 503,
    headers: { 'content-type': 'application/problem+json' },
  });
}
