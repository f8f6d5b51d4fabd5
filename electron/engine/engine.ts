/**
 * The composition root: makes the store, the adapters, the scheduler and the API, and connects them.
 *
 * Life: lock -> store -> adapters -> recover what ran -> schedule -> (serve) -> close. What runs when the engine closes or dies runs on,
 * and is adopted by the next start.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDockerRuntime } from '../../native/docker/docker-runtime.ts';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { createHostProbe } from '../../native/host/host-probe.ts';
import { punchHole } from '../../native/host/punch-hole.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import { openKeyFileBox } from '../../native/secrets/key-file.ts';
import { createApi } from '../api/app.ts';
import { hashToken, makeServices } from '../api/make-services.ts';
import { createTrialApp } from '../api/trial-app.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { GpuStatus } from '../contract/gpus.ts';
import type { RuntimeKind } from '../contract/states.ts';
import { openTrialDoor } from '../doors/trial-door.ts';
import { materializeSnapshot, removeSnapshot, removeSnapshotDrafts, takeSnapshot } from '../experiments/snapshot.ts';
import { actOnPool, ensureWorkstationPool, WORKSTATION_POOL_ID } from '../queue/pools.ts';
import { estimateRunning } from '../scheduler/forecast/estimates.ts';
import { createLikeRuns } from '../scheduler/forecast/like-runs.ts';
import { createSchedulerLoop } from '../scheduler/loop.ts';
import { plan } from '../scheduler/plan/plan.ts';
import { createPlanView, REASONS_PER_POOL } from '../scheduler/plan-view.ts';
import { createQueueIndex } from '../scheduler/queue-index.ts';
import { createWorld } from '../scheduler/world.ts';
import { findAttemptByToken, getAttempt, liveAttemptKeys } from '../store/attempts.ts';
import { openStore } from '../store/database.ts';
import { getMeta, setMeta } from '../store/meta.ts';
import { takeLock } from '../store/lock.ts';
import { getPool, listPools } from '../store/pools.ts';
import { readSettings } from '../store/settings.ts';
import { getTrialRow, listLiveTrials, type TrialRow } from '../store/trials.ts';
import { createAttemptRunner } from '../trials/attempts/attempt-runner.ts';
import { createTrialChanges } from '../trials/life/change-trials.ts';
import { meaningOfChange } from '../trials/life/change-meaning.ts';
import { trialDirectories } from '../trials/files/directories.ts';
import { createGarbageCollector } from '../trials/removal/collect-garbage.ts';
import { createLogCapper } from '../trials/log/log-caps.ts';
import { createPreparation } from '../trials/attempts/prepare.ts';
import { takeReports } from '../trials/reports/report-intake.ts';
import { carryOutPlan } from '../trials/attempts/carry-out-plan.ts';
import { holdLeftMs } from '../trials/life/transitions.ts';
import { toTrial } from '../trials/view.ts';
import { systemClock } from '../../native/host/system-clock.ts';
import { dataPaths } from '../ports/data-dir.ts';
import { diagnose } from './doctor.ts';
import { createEndedSignals } from '../feed/ended-signals.ts';
import type { Engine, EngineStartOptions } from '../ports/engine-api.ts';
import { openEngineLog } from './engine-log.ts';
import { createFeed } from '../feed/change-feed.ts';
import { createGpuMonitor } from '../gpus/gpu-monitor.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createIdleCollector } from './idle-memory.ts';
import { createNotices } from '../feed/notices.ts';
import type { Clock } from '../ports/clock.ts';
import type { GpuProbe } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';
import { watchRuntimes } from './runtime-watch.ts';
import { explainStartError } from './start-errors.ts';

export interface EngineOptions extends EngineStartOptions {
  /** Replacements for tests and demonstrations. */
  readonly clock?: Clock;
  readonly runtimes?: ReadonlyMap<RuntimeKind, TrialRuntime>;
  readonly gpuProbe?: GpuProbe;
  readonly hostProbe?: HostProbe;
}

const REESTIMATE_AFTER_MS = 1_000;
const HERE = path.dirname(fileURLToPath(import.meta.url));

/**
 * Starts the engine on a data directory.
 * @throws SwitchyardError data_dir_locked, database_newer, database_corrupt, database_busy, disk_full, forbidden
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const clock = options.clock ?? systemClock;
  const paths = dataPaths(options.dataDir, process.platform, process.env['XDG_RUNTIME_DIR'] ?? os.tmpdir());
  const startedAtMs = clock.nowMs();
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const lock = takeLock(paths, { pid: process.pid, startedAtMs, socket: paths.socket, version: options.version });
    closers.push(() => {
      lock.release();
    });
    return await compose();
  } catch (error) {
    await closeAll();
    throw explainStartError(error, paths.dir);
  }

  async function compose(): Promise<Engine> {
    const log = openEngineLog(paths.engineLog);
    closers.push(() => {
      log.flush();
    });
    for (const dir of [paths.trials, paths.snapshots]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    const store = openStore(paths.database, {
      nowMs: () => clock.nowMs(),
      onSlow: (name, tookMs) => {
        log.warn('slow transaction', { name, tookMs });
      },
      onListenerError: (error) => {
        log.error('what follows a commit failed', error);
      },
    });
    closers.push(() => {
      store.close();
    });
    const db = store.db;
    const changes = createTrialChanges(store, (text, error) => {
      log.error(text, error);
    });
    const cpuCount = os.availableParallelism();
    ensureWorkstationPool(store, cpuCount);
    const engineId =
      getMeta(db, 'engine_id') ??
      store.transact('name engine', (tx) => {
        const id = randomBytes(4).toString('hex');
        setMeta(tx.db, 'engine_id', id);
        return id;
      });
    const secrets = openKeyFileBox(path.join(paths.dir, 'secret.key'));
    const resourcesDir = options.resourcesDir ?? path.join(HERE, '..', '..', 'resources');
    const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

    // Adapters to the machine.
    const runtimes: ReadonlyMap<RuntimeKind, TrialRuntime> =
      options.runtimes ??
      new Map<RuntimeKind, TrialRuntime>([
        ['process', createProcessRuntime({ clock })],
        [
          'docker',
          createDockerRuntime({
            clock,
            engineId,
            privateDirs: [paths.dir, path.dirname(paths.socket)],
            ...(options.dockerHost === undefined ? {} : { dockerHost: options.dockerHost }),
          }),
        ],
      ]);
    closers.push(() => Promise.all([...runtimes.values()].map((runtime) => runtime.close())));
    const probe =
      options.gpuProbe ?? createGpuProbe(options.nvidiaSmi === undefined ? {} : { command: options.nvidiaSmi });
    const host = options.hostProbe ?? createHostProbe({ diskPath: paths.dir });

    // What the screen sees.
    const activity = new Map<number, string>();
    const likeRuns = createLikeRuns(db);
    const remainingMs = (row: TrialRow): number | null =>
      estimateRunning(row, clock.nowMs(), runner.progressAtStart(row.id), likeRuns.meanMs(row)).remainingMs;
    const view = (row: TrialRow): ReturnType<typeof toTrial> =>
      toTrial(store, row, { activity: (id) => activity.get(id) ?? null, remainingMs });
    const feed = createFeed({
      readTrial: (id) => {
        const row = getTrialRow(db, id);
        return row === null ? null : view(row);
      },
      readPool: (id) => getPool(db, id),
    });
    closers.push(() => {
      feed.close();
    });
    const notices = createNotices(
      () => clock.nowMs(),
      () => {
        feed.publish({ event: 'notices', data: notices.list() });
      },
    );

    const logCapper = createLogCapper(
      () => readSettings(db).logCapMiB * 1024 * 1024,
      punchHole,
      (trialId, reason) => {
        notices.raise({
          id: 'log_cap',
          level: 'warning',
          text: `The log of #${trialId} grows beyond its cap: ${reason}.`,
          remedy: null,
        });
      },
    );

    // Trials.
    const trialDoor = await openTrialDoor({
      trialFetch: async (request) => trialApp.fetch(request),
      log: (text, error) => {
        log.error(text, error);
      },
    });
    closers.push(() => trialDoor.close());
    let containerApiUrl = await trialDoor.containerBaseUrl();
    const preparation = createPreparation({
      store,
      trialsDir: paths.trials,
      engineId,
      helperDir: path.join(resourcesDir, 'python'),
      secrets,
      user,
      apiUrl: (runtime) => (runtime === 'docker' ? containerApiUrl : trialDoor.processBaseUrl),
      materialize: (snapshot, workDir) => materializeSnapshot(paths.snapshots, snapshot, workDir),
      newToken: () => {
        const token = randomBytes(32).toString('hex');
        return { token, hash: hashToken(token) };
      },
    });
    const runner = createAttemptRunner({
      store,
      changeTrials: changes.changeTrials,
      clock,
      trialsDir: paths.trials,
      runtimes,
      preparation,
      log,
      onActivity: (trialId, text) => {
        if (text === null ? !activity.delete(trialId) : activity.get(trialId) === text) return;
        if (text !== null) activity.set(trialId, text);
        feed.touchLive(trialId);
      },
      onMetrics: (trialId, points) => {
        feed.publish({ event: 'metrics', data: { trialId, points: [...points] } });
      },
      onProgress: (trialId) => {
        feed.touchLive(trialId);
      },
      onLogComplete: (trialId, logPath) => {
        logCapper.cap(trialId, logPath).catch((error: unknown) => {
          log.error(`the log of #${trialId} could not be capped`, error);
        });
      },
    });
    changes.performWith(runner.perform);
    closers.push(() => runner.close());
    const intake = {
      store,
      nowMs: () => clock.nowMs(),
      onMetrics: (trialId: number, points: readonly { name: string; step: number; value: number }[]) => {
        feed.publish({ event: 'metrics', data: { trialId, points: [...points] } });
      },
      onProgress: (trialId: number) => {
        feed.touchLive(trialId);
      },
    };
    const trialApp = createTrialApp({
      authenticate: (trialId, token) => {
        const found = findAttemptByToken(db, trialId, hashToken(token));
        return found === null ? null : { trialId, attempt: found.number };
      },
      takeReports: ({ trialId, attempt }, records) =>
        takeReports(
          { ...intake, trialId, attempt },
          trialDirectories(paths.trials, trialId).checkpoints,
          records,
          null,
        ),
      shouldStop: (trialId) => getTrialRow(db, trialId)?.state === 'stopping',
      reportBug: (error, where) => log.error(where, error),
    });

    // Machine and scheduler.
    let diskProblem: string | null = null;
    const runtimeWatch = watchRuntimes(runtimes, (kind, status, before) => {
      if (kind === 'docker') {
        if (!status.available && before.available)
          notices.raise({
            id: 'docker_down',
            level: 'error',
            text: `The Docker engine does not answer. ${status.problem ?? ''}`.trim(),
            remedy: status.remedy,
          });
        if (status.available) notices.lower('docker_down');
        void trialDoor.containerBaseUrl().then((url) => {
          containerApiUrl = url;
        });
        // Containers left by an engine that died while it created them.
        if (status.available)
          void runtimes
            .get('docker')
            ?.sweep(engineId, liveAttemptKeys(db))
            .catch((error: unknown) => {
              log.error('sweep of containers failed', error);
            });
      }
      loop.nudge();
    });
    closers.push(() => {
      runtimeWatch.close();
    });
    const index = createQueueIndex({
      likeRunsMs: (estimateKey) => likeRuns.meanMs({ estimateKey }),
      held: (row) => {
        const leftMs = holdLeftMs(row, clock.nowMs());
        if (leftMs === 0) return null;
        const cause = getAttempt(db, row.id, row.attempt)?.message ?? null;
        return {
          code: 'held',
          text: `tried again in ${Math.max(1, Math.round(leftMs / 1000))} s${cause === null ? '' : `: ${cause}`}`,
        };
      },
    });
    const monitor = createGpuMonitor({
      probe,
      host,
      clock,
      attribute: () => runner.ownPids(),
      onReading: (reading) => {
        if (reading.problem === null) notices.lower('gpu_problem');
        else notices.raise({ id: 'gpu_problem', level: 'warning', text: reading.problem, remedy: null });
        feed.publish({ event: 'gpus', data: gpuStatus() });
        loop.nudge(true);
      },
    });
    closers.push(() => monitor.close());
    const world = createWorld({
      store,
      clock,
      index,
      monitor,
      heldRuntime: (kind) => {
        const status = runtimeWatch.of(kind);
        return status.available
          ? null
          : `waits for ${kind === 'docker' ? 'the Docker engine' : 'the process runtime'}: ${status.problem ?? 'it does not answer'}`;
      },
      diskProblem: () => diskProblem,
      estimateActive: (row) =>
        estimateRunning(row, clock.nowMs(), runner.progressAtStart(row.id), likeRuns.meanMs(row)),
    });
    const gpuStatus = (): GpuStatus => ({ ...monitor.current(), slots: world.slotViews(), history: monitor.history() });
    const loop = createSchedulerLoop({
      readWorld: () => world.read(),
      plan: (input) => plan(input, REASONS_PER_POOL),
      carryOut: (output) => {
        carryOutPlan(
          {
            changeTrials: changes.changeTrials,
            engineId,
            mintToken: (trialId, attempt) => preparation.mintToken(trialId, attempt),
          },
          output,
        );
      },
      onPlanned: () => {
        if (feed.hasScreen()) feed.publish({ event: 'plan', data: planView.current() });
      },
      onError: (error) => {
        if (error instanceof SwitchyardError && error.code === 'disk_full')
          notices.raise({ id: 'database', level: 'error', text: error.message, remedy: error.remedy ?? null });
        log.error('scheduler pass failed', error);
      },
    });
    const planView = createPlanView({ clock, loop, world, index });
    const endedSignals = createEndedSignals((trialId, attempt) => {
      const row = getAttempt(db, trialId, attempt);
      return row === null || row.endedAtMs !== null;
    });

    store.onCommit((commit) => {
      for (const id of commit.removedTrialIds) index.update(id, null);
      if (commit.removedTrialIds.size > 0) likeRuns.forgetAll();
      let onlyRunsOn = commit.trialIds.size > 0 && commit.poolIds.size === 0 && commit.removedTrialIds.size === 0;
      let cameFree = false;
      for (const id of commit.trialIds) {
        const row = getTrialRow(db, id);
        const meaning = meaningOfChange(id, states.get(id), row);
        onlyRunsOn &&= meaning.onlyRunsOn;
        cameFree ||= meaning.gaveUpLease;
        if (row !== null && meaning.changesEstimates) likeRuns.forget(row);
        if (row?.state === 'done') reestimateSoon(row.estimateKey);
        index.update(id, row);
        if (meaning.freedGpus) void monitor.nudge();
        if (row === null || row.state === 'done') states.delete(id);
        else states.set(id, row.state);
        if (meaning.finished !== null) feed.publish({ event: 'finished', data: meaning.finished });
        endedSignals.check(id);
        if (row?.state === 'queued' && row.notBeforeMs !== null) wakeAfter(row.id, holdLeftMs(row, clock.nowMs()));
      }
      feed.committed(commit);
      setPace();
      if (!onlyRunsOn) loop.nudge(cameFree);
    });
    const states = new Map<number, TrialRow['state']>();

    /** What ended tells how long those like it will take; gathered, because a long queue of small trials ends many a second. */
    const endedKeys = new Set<string>();
    let reestimate: NodeJS.Timeout | null = null;
    function reestimateSoon(estimateKey: string): void {
      endedKeys.add(estimateKey);
      reestimate ??= setTimeout(() => {
        reestimate = null;
        if (closed) return;
        index.reestimate(endedKeys);
        endedKeys.clear();
        loop.nudge();
      }, REESTIMATE_AFTER_MS);
      reestimate.unref();
    }

    /** A trial held back after a failure becomes startable with time alone. */
    function wakeAfter(id: number, leftMs: number): void {
      setTimeout(() => {
        if (closed) return;
        const row = getTrialRow(db, id);
        index.update(id, row);
        // The clock may have been set back meanwhile.
        const stillMs = row?.state === 'queued' ? holdLeftMs(row, clock.nowMs()) : 0;
        if (stillMs > 0) wakeAfter(id, stillMs);
        loop.nudge();
      }, leftMs + 1).unref();
    }

    function setPace(): void {
      monitor.setPace(
        index.active().length > 0 || index.queuedCount() > 0 ? 'fast' : feed.hasScreen() ? 'watched' : 'slow',
      );
    }

    const garbage = createGarbageCollector({
      store,
      runtimes,
      trialsDir: paths.trials,
      removeSnapshot: (snapshot) => removeSnapshot(paths.snapshots, snapshot),
      onError: (text, error) => {
        log.error(text, error);
      },
    });
    let closed = false;
    let stopResolve: () => void = () => {
      /* replaced below */
    };
    const stopRequested = new Promise<void>((resolve) => {
      stopResolve = resolve;
    });
    const services = makeServices({
      version: options.version,
      store,
      feed,
      world,
      changeTrials: changes.changeTrials,
      trialsDir: paths.trials,
      examplesDir: path.join(resourcesDir, 'examples'),
      dockerAvailable: () => runtimeWatch.of('docker').available,
      cpuCount,
      nowMs: () => clock.nowMs(),
      toTrial: view,
      gpuStatus,
      planView: () => planView.current(),
      previewForecast: (moved) => planView.preview(moved),
      submit: {
        store,
        secrets,
        nowMs: () => clock.nowMs(),
        refuse: async (runtime, wish) => (await runtimes.get(runtime)?.refuse?.(wish)) ?? null,
        findProgram: (name, env) => runtimes.get('process')?.findProgram?.(name, env) ?? null,
        facts: async () => {
          await world.firstReading();
          const docker = runtimeWatch.of('docker');
          const reading = monitor.current();
          return {
            pools: listPools(db).map(({ id }) => ({ id, slots: world.slotsOfPool(id) })),
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
            limitBytes: readSettings(db).snapshotLimitMiB * 1024 * 1024,
          }),
      },
      engineInfo: () => ({
        version: options.version,
        startedAtMs,
        pid: process.pid,
        dockerVersion: runtimeWatch.of('docker').available ? runtimeWatch.of('docker').version : null,
        driverVersion: monitor.current().driverVersion,
        defaultRuntime: runtimeWatch.of('docker').available ? 'docker' : 'process',
        shell: options.shell,
      }),
      notices: () => notices.list(),
      attemptEnded: (trialId, attempt) => endedSignals.of(trialId, attempt),
      doctor: () =>
        diagnose({ docker: runtimes.get('docker') ?? { diagnose: async () => [] }, gpu: probe, host }, paths.dir),
      collectGarbage: garbage,
      replan: () => {
        loop.nudge();
      },
      screenCame: () => {
        setPace();
      },
      requestStop: () => {
        stopResolve();
      },
      reportBug: (error, where) => log.error(where, error),
    });
    const api = createApi(services);

    // Take up what was left: statuses first, so that recovery knows whom it can ask.
    for (const row of listLiveTrials(db)) {
      index.update(row.id, row);
      states.set(row.id, row.state);
      if (row.state === 'queued' && row.notBeforeMs !== null) wakeAfter(row.id, holdLeftMs(row, clock.nowMs()));
    }
    await runtimeWatch.refresh();
    await holdAfterReboot();
    await runner.recover();
    // One that does not answer now is swept when it does.
    for (const [kind, runtime] of runtimes)
      if (runtimeWatch.of(kind).available)
        void runtime.sweep(engineId, liveAttemptKeys(db)).catch((error: unknown) => {
          log.error(`sweep of ${kind} attempts failed`, error);
        });
    void garbage();
    void removeSnapshotDrafts(paths.snapshots).catch((error: unknown) => {
      log.error('snapshot drafts could not be removed', error);
    });
    setPace();
    loop.start();
    closers.push(() => {
      loop.stop();
    });
    const collectWhenIdle = createIdleCollector(() => index.active().length);
    closers.push(
      startHousekeeping({
        clock,
        host,
        dataDir: paths.dir,
        minFreeDiskMiB: () => readSettings(db).minFreeDiskMiB,
        notices,
        onDisk: (problem) => {
          if (diskProblem === problem) return;
          diskProblem = problem;
          loop.nudge();
        },
        onBeat: async () => {
          setPace();
          collectWhenIdle();
          for (const pool of listPools(db)) {
            if (pool.state === 'draining' && !index.active().some(({ row }) => row.poolId === pool.id))
              actOnPool(store, pool.id, 'pause');
          }
          await logCapper.capAll(runner);
        },
        onError: (error) => {
          log.error('housekeeping failed', error);
        },
      }),
    );
    log.info('engine started', { version: options.version, dataDir: paths.dir });

    /** After a reboot the queue goes on or holds, as the user set it. */
    async function holdAfterReboot(): Promise<void> {
      const bootId = await host.bootId();
      const before = getMeta(db, 'boot_id');
      if (bootId === null || bootId === before) return;
      store.transact('note boot', (tx) => {
        setMeta(tx.db, 'boot_id', bootId);
      });
      if (before === null || readSettings(db).afterReboot !== 'hold') return;
      for (const pool of listPools(db)) if (pool.state === 'open') actOnPool(store, pool.id, 'pause');
      notices.raise({
        id: 'held_after_reboot',
        level: 'info',
        text: 'The machine was restarted: all pools are paused, as you set it.',
        remedy: 'Resume a pool when you are ready.',
      });
    }

    return {
      paths,
      fetch: async (request) =>
        closed
          ? Response.json(
              new SwitchyardError('shutting_down', 'The engine is stopping.', {
                remedy: 'Start it again.',
              }).toProblem(),
              { status: 503, headers: { 'content-type': 'application/problem+json' } },
            )
          : api.fetch(request),
      trialFetch: async (request) => trialApp.fetch(request),
      // The tray and notifications listen; they are no screen.
      subscribe: (listener) => feed.subscribe(listener, false),
      activeCount: () => index.active().length,
      stopRequested,
      close: async () => {
        if (closed) return;
        closed = true;
        await closeAll();
      },
    };
  }
}
