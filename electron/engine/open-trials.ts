/** What runs trials: their own door, preparation, the attempts and what they report, their logs, what deleted ones left. */
import path from 'node:path';
import { keepHelper } from '../../native/host/keep-helper.ts';
import { punchHole } from '../../native/host/punch-hole.ts';
import { createTrialApp, type TrialApp } from '../api/trial-app.ts';
import type { RuntimeKind } from '../contract/states.ts';
import { openTrialDoor } from '../doors/trial-door.ts';
import { setParameters } from '../experiments/set-parameters.ts';
import { findAttemptByToken } from '../store/attempts.ts';
import { getMeta, setMeta } from '../store/meta.ts';
import { readSettings } from '../store/settings.ts';
import { getTrialRow, listActiveTrials } from '../store/trials.ts';
import { createAttemptRunner, type AttemptRunner } from '../trials/attempts/attempt-runner.ts';
import { createPreparation } from '../trials/attempts/prepare.ts';
import { createSweeper } from '../trials/attempts/sweep-leftovers.ts';
import { createAttemptTokens, hashToken, type AttemptTokens } from '../trials/attempts/tokens.ts';
import { createLogCapper, type LogCapper } from '../trials/log/log-caps.ts';
import { createLogReader, type LogReader } from '../trials/log/read-log-facts.ts';
import { createGarbageCollector } from '../trials/removal/collect-garbage.ts';
import { createWorkFreer, type WorkFreer } from '../trials/removal/free-work.ts';
import { createRoom, type Room } from '../trials/removal/room.ts';
import { createCheckpointKeeper } from '../trials/reports/checkpoint-keeper.ts';
import { createMetricFiles, type WatchedAttempt } from '../trials/reports/metric-files.ts';
import { createReportIntake, type Reporter, type ReportIntake } from '../trials/reports/report-intake.ts';
import { watchedAttempt } from '../trials/reports/watched-attempt.ts';
import type { Ground } from './open-ground.ts';
import type { Machine } from './open-machine.ts';
import type { Screen } from './open-screen.ts';

export interface Trials {
  /** What trials may call, for their door. */
  readonly trialFetch: (request: Request) => Promise<Response>;
  readonly tokens: AttemptTokens;
  readonly runner: AttemptRunner;
  readonly logCapper: LogCapper;
  readonly logReader: LogReader;
  /** Reads on in the files in which running trials keep their metrics. Never rejects. */
  readonly lookForMetrics: () => Promise<void>;
  readonly collectGarbage: () => Promise<void>;
  readonly workFreer: WorkFreer;
  readonly room: Room;
  readonly sweep: (kind: RuntimeKind) => void;
}

export async function openTrials(ground: Ground, machine: Machine, screen: Screen): Promise<Trials> {
  const { store, paths, engineId, report } = ground;
  const { runtimes } = machine;
  const { feed } = screen;
  const checkpointKeeper = createCheckpointKeeper({
    store,
    trialsDir: paths.trials,
    keepByDefault: () => readSettings(store.db).keepCheckpoints,
    onError: report,
  });
  ground.closers.add(() => checkpointKeeper.idle());
  const reports = createReportIntake({
    store,
    trialsDir: paths.trials,
    nowMs: ground.nowMs,
    log: ground.log,
    onMetrics: (trialId, points) => {
      feed.publish({ event: 'metrics', data: { trialId, points: [...points] } });
    },
    onProgress: (trialId) => {
      feed.touchLive(trialId);
    },
    onCheckpoint: (trialId) => {
      checkpointKeeper.saved(trialId);
    },
  });
  ground.closers.add(() => {
    reports.close();
  });
  const { fetch: trialFetch, admits } = openTrialApi(ground, reports);
  const lastPort = Number(getMeta(store.db, 'trial_door_port') ?? '');
  const door = await openTrialDoor({ trialFetch, admits, log: report, lastPort: lastPort > 0 ? lastPort : null });
  if (door.port !== lastPort)
    store.transact('note the door of trials', (tx) => {
      setMeta(tx.db, 'trial_door_port', String(door.port));
    });
  if (lastPort > 0 && door.port !== lastPort && listActiveTrials(store.db).length > 0) {
    const text = `Trials that are running report over HTTP to port ${lastPort}, which another program took while the engine was away.`;
    const remedy = `The engine listens on ${door.port} now. Output and what is written to files arrives; for reports over HTTP, pause and resume them.`;
    screen.notices.raise({ id: 'trial_door_moved', level: 'warning', text, remedy });
  }
  ground.closers.add(() => door.close());
  const tokens = createAttemptTokens();
  const preparation = createPreparation({
    store,
    trialsDir: paths.trials,
    engineId,
    helperDir: keepHelper(path.join(ground.resourcesDir, 'python'), paths.helpers),
    secrets: ground.secrets,
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    // Asked at each launch: Docker may have come, or have another network, since the last.
    apiUrl: async (runtime) => {
      const hostAddress = runtimes.get(runtime)?.hostAddress;
      return hostAddress === undefined ? door.processBaseUrl : door.containerBaseUrl(await hostAddress());
    },
    bootId: await machine.host.bootId(),
    materialize: (snapshot, workDir) => machine.snapshots.materialize(snapshot, workDir),
    setParameters,
    runtimes,
    tokens,
  });
  const logCapper = createLogCapper(
    () => readSettings(store.db).logCapMiB * 1024 * 1024,
    punchHole,
    (trialId, reason) => {
      const text = `The log of #${trialId} grows beyond its cap: ${reason}.`;
      screen.notices.raise({ id: 'log_cap', level: 'warning', text, remedy: null });
    },
  );
  const logReader = createLogReader({
    store,
    trialsDir: paths.trials,
    nowMs: ground.nowMs,
    intake: reports,
    onError: report,
  });
  ground.closers.add(() => {
    logReader.close();
  });
  const metricFiles = createMetricFiles({ nowMs: ground.nowMs, intake: reports, onError: report });
  const watched = (reporter: Reporter): WatchedAttempt | null => watchedAttempt(store.db, paths.trials, reporter);
  const runner = createAttemptRunner({
    store,
    changeTrials: ground.changes.noteSoon,
    clock: ground.clock,
    trialsDir: paths.trials,
    runtimes,
    preparation,
    log: ground.log,
    launchHolds: machine.launchHolds,
    images: machine.imageSupply,
    reports,
    onActivity: (trialId, text) => {
      if (screen.activities.set(trialId, text)) feed.touchLive(trialId);
    },
    onLogComplete: (trialId, logPath) => {
      void logReader.finish(trialId, logPath);
      const ended = watched({ trialId, attempt: getTrialRow(store.db, trialId)?.attempt ?? 0 });
      if (ended !== null) void metricFiles.finish(ended);
      logCapper.cap(trialId, logPath).catch((error: unknown) => {
        report(`the log of #${trialId} could not be capped`, error);
      });
    },
  });
  ground.closers.add(() => runner.close());
  const workFreer = createWorkFreer({
    store,
    trialsDir: paths.trials,
    beyond: (snapshot, workDir) => machine.snapshots.beyond(snapshot, workDir),
    onError: report,
  });
  const room = createRoom({
    store,
    dataDir: paths.dir,
    trialsDir: paths.trials,
    host: machine.host,
    nowMs: ground.nowMs,
    freer: workFreer,
    onError: report,
  });
  return {
    workFreer,
    room,
    trialFetch,
    tokens,
    runner,
    logCapper,
    logReader,
    lookForMetrics: () => metricFiles.look(runner.attempts().flatMap((one) => watched(one) ?? [])),
    collectGarbage: createGarbageCollector({
      store,
      runtimes,
      trialsDir: paths.trials,
      removeSnapshot: (snapshot) => machine.snapshots.remove(snapshot),
      onError: report,
    }),
    sweep: createSweeper({ db: store.db, engineId, runtimes, onError: report }),
  };
}

/** What trials may do over HTTP. */
function openTrialApi({ store, log }: Ground, reports: ReportIntake): TrialApp {
  return createTrialApp({
    authenticate: (trialId, token) => {
      const found = findAttemptByToken(store.db, trialId, hashToken(token));
      return found === null ? null : { trialId, attempt: found.number };
    },
    takeReports: (reporter, records) => reports.take(reporter, records),
    shouldStop: (trialId) => getTrialRow(store.db, trialId)?.state === 'stopping',
    reportBug: (error, where) => log.error(where, error),
  });
}
