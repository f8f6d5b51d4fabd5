/** The services behind the routes: each is a few calls into the domain folders. */
import { createHash } from 'node:crypto';
import { SwitchyardError } from '../contract/errors.ts';
import type { EngineInfo, ForecastEntry, Notice, PlanView } from '../contract/feed.ts';
import type { GpuStatus } from '../contract/gpus.ts';
import type { DoctorCheck } from '../contract/settings.ts';
import type { Trial } from '../contract/trials.ts';
import type { FeedFrame } from '../ports/engine-api.ts';
import type { Feed } from '../feed/change-feed.ts';
import { dumpConfigYaml } from '../experiments/config/parse-config.ts';
import { duplicateTrial, presentConfig, submitExperiment, type SubmitDeps } from '../experiments/submit.ts';
import { chooseExampleRuntime, listExamples, loadExample } from '../experiments/examples.ts';
import { resolveMove } from '../queue/moves.ts';
import { actOnPool, assignSlot, createPool, deletePool, requirePool, updatePool } from '../queue/pools.ts';
import { rankBehind } from '../queue/rank.ts';
import type { World } from '../scheduler/world.ts';
import { getAttempt, listAttempts } from '../store/attempts.ts';
import type { Store } from '../store/database.ts';
import { changedSince, listHistory } from '../store/events.ts';
import { getExperiment } from '../store/experiments.ts';
import { getPool, listPools, setKeptBack } from '../store/pools.ts';
import { listCheckpoints, listMetricNames } from '../store/reports.ts';
import { readSettings, writeSettings } from '../store/settings.ts';
import {
  countDone,
  getTrialRow,
  lastRank,
  listLiveTrials,
  listRecentlyDone,
  listTrialRows,
  type TrialRow,
} from '../store/trials.ts';
import { actOnTrials, undoAction } from '../trials/actions.ts';
import type { ChangeTrials } from '../trials/life/change-trials.ts';
import { directoryBytes } from '../trials/removal/delete-trials.ts';
import { attemptFiles, hostWorkDir, trialDirectories } from '../trials/files/directories.ts';
import { logFacts } from '../trials/log/log-store.ts';
import { readSeries } from '../trials/reports/metrics.ts';
import { toAttempt } from '../trials/view.ts';
import type { Services } from './services.ts';

const DONE_IN_SNAPSHOT = 200;
const HISTORY_ENTRIES = 500;
/** A client that missed more events than this fetches the snapshot instead. */
const CATCH_UP_EVENTS = 2_000;

export interface ServicesDeps {
  readonly version: string;
  readonly store: Store;
  readonly feed: Feed;
  readonly world: World;
  readonly changeTrials: ChangeTrials;
  readonly submit: SubmitDeps;
  readonly trialsDir: string;
  readonly examplesDir: string;
  readonly dockerAvailable: () => boolean;
  readonly cpuCount: number;
  readonly nowMs: () => number;
  readonly toTrial: (row: TrialRow) => Trial;
  readonly gpuStatus: () => GpuStatus;
  readonly planView: () => PlanView;
  readonly previewForecast: (moved: readonly TrialRow[]) => { before: ForecastEntry[]; after: ForecastEntry[] };
  readonly engineInfo: () => EngineInfo;
  readonly notices: () => Notice[];
  readonly attemptEnded: (trialId: number, attempt: number) => AbortSignal;
  readonly doctor: () => Promise<DoctorCheck[]>;
  readonly collectGarbage: () => Promise<void>;
  readonly replan: () => void;
  /** Somebody began to look. */
  readonly screenCame: () => void;
  readonly requestStop: () => void;
  readonly reportBug: (error: unknown, where: string) => string;
}

export function makeServices(deps: ServicesDeps): Services {
  const { store, world } = deps;
  const db = store.db;

  function requireTrial(id: number): TrialRow {
    const row = getTrialRow(db, id);
    if (row === null)
      throw new SwitchyardError('not_found', `There is no trial #${id}.`, {
        remedy: 'List the trials with: switchyard ls --all',
      });
    return row;
  }

  const presentFrames = (): FeedFrame[] => [
    { event: 'gpus', data: deps.gpuStatus() },
    { event: 'plan', data: deps.planView() },
    { event: 'notices', data: deps.notices() },
    { event: 'settings', data: readSettings(db) },
  ];

  return {
    version: deps.version,
    seq: () => store.seq(),
    subscribe(listener) {
      const stop = deps.feed.subscribe(listener, true);
      deps.screenCame();
      return stop;
    },

    async state() {
      const gpus = await world.firstReading().then(() => deps.gpuStatus());
      return {
        seq: store.seq(),
        nowMs: deps.nowMs(),
        engine: deps.engineInfo(),
        pools: listPools(db),
        trials: [...listLiveTrials(db), ...listRecentlyDone(db, DONE_IN_SNAPSHOT)].map(deps.toTrial),
        doneCount: countDone(db),
        gpus,
        plan: deps.planView(),
        notices: deps.notices(),
        settings: readSettings(db),
      };
    },

    catchUp(seq) {
      if (seq === null) return presentFrames();
      const changed = changedSince(db, seq, store.seq(), CATCH_UP_EVENTS);
      if (changed === null) return [{ event: 'resync', data: { reason: 'too much happened meanwhile' } }];
      return [
        { event: 'changes', data: deps.feed.changes(store.seq(), changed.trialIds, changed.poolIds) },
        ...presentFrames(),
      ];
    },

    listTrials(filter) {
      const { rows, total } = listTrialRows(db, filter);
      return { trials: rows.map(deps.toTrial), total };
    },

    async trialDetail(id) {
      const row = requireTrial(id);
      const experiment = getExperiment(db, row.experimentId);
      if (experiment === null) throw new SwitchyardError('not_found', `The experiment of trial #${id} is gone.`);
      const attempts = await Promise.all(
        listAttempts(db, id).map(async (attempt) =>
          toAttempt(attempt, (await logFacts(attemptFiles(deps.trialsDir, id, attempt.number).log)).totalBytes),
        ),
      );
      const config = presentConfig(deps.submit.secrets, experiment.config, experiment.sealedEnv);
      return {
        trial: deps.toTrial(row),
        config,
        configYaml: dumpConfigYaml(config),
        source: experiment.sourceDir,
        snapshot: experiment.snapshot,
        workDir: row.attempt === 0 ? null : hostWorkDir(trialDirectories(deps.trialsDir, id), experiment),
        attempts,
        checkpoints: listCheckpoints(db, id),
        history: listHistory(db, id, HISTORY_ENTRIES),
        metricNames: listMetricNames(db, id),
      };
    },

    submit: (body) => submitExperiment(deps.submit, body),
    duplicate: (id, config, paused) => duplicateTrial(deps.submit, id, config, paused),

    async act(action) {
      const freedBytes = action.action === 'delete' ? await bytesOf(action.trialIds) : undefined;
      const result = actOnTrials(
        {
          changeTrials: deps.changeTrials,
          trialsDir: deps.trialsDir,
          slotsInPool: (poolId) => world.slotsOfPool(poolId).length,
        },
        action,
      );
      if (action.action === 'delete') void deps.collectGarbage();
      return freedBytes === undefined ? result : { ...result, freedBytes };
    },

    undo: (id) => undoAction(deps.changeTrials, id),

    async deletePreview(ids) {
      for (const id of ids) requireTrial(id);
      return {
        freesBytes: await bytesOf(ids),
        checkpoints: ids.reduce((sum, id) => sum + listCheckpoints(db, id).length, 0),
        trials: ids.length,
      };
    },

    movePreview(ids, to, poolId) {
      const trials = ids.map(requireTrial);
      if (poolId !== undefined && poolId !== trials[0]?.poolId) {
        const pool = requirePool(store, poolId);
        const rank = rankBehind(lastRank(db, pool.id));
        return {
          ...deps.previewForecast(trials.map((trial) => ({ ...trial, poolId: pool.id, rank }))),
          priority: null,
        };
      }
      const placed = resolveMove(db, trials, to);
      const moved = placed.map((place) => ({
        ...(trials.find((trial) => trial.id === place.id) as TrialRow),
        priority: place.priority,
        rank: place.rank,
      }));
      const taken = placed.find((place) => place.priority !== trials.find((trial) => trial.id === place.id)?.priority);
      return { ...deps.previewForecast(moved), priority: taken?.priority ?? null };
    },

    async metrics(id, names, maxPoints) {
      requireTrial(id);
      return readSeries(db, id, names, maxPoints);
    },

    log(id, attempt) {
      if (getAttempt(db, id, attempt) === null)
        throw new SwitchyardError('not_found', `Trial #${id} has no attempt ${attempt}.`);
      return { path: attemptFiles(deps.trialsDir, id, attempt).log, ended: deps.attemptEnded(id, attempt) };
    },

    async logInfo(id, attempt) {
      const { path, ended } = this.log(id, attempt);
      const facts = await logFacts(path);
      return {
        attempt,
        totalBytes: facts.totalBytes,
        dropped: facts.dropped.map(({ from, to }) => ({ from, to })),
        live: !ended.aborted,
      };
    },

    pools: () => listPools(db),
    createPool: (body) => createPool(store, body, deps.cpuCount, world.knownUuids()),
    updatePool: (id, body) => updatePool(store, id, body, world.knownUuids()),
    deletePool: (id) => {
      deletePool(store, id);
    },
    actOnPool: (id, action) => actOnPool(store, id, action),

    gpus: deps.gpuStatus,
    updateSlot(uuid, body) {
      if (!world.knownUuids().has(uuid))
        throw new SwitchyardError('not_found', `This machine has no GPU ${uuid}.`, {
          remedy: 'List them with: switchyard gpus',
        });
      if (body.keptBack !== undefined) {
        const keptBack = body.keptBack;
        store.transact('keep slot', (tx) => {
          setKeptBack(tx.db, uuid, keptBack);
        });
      }
      if (body.poolId !== undefined) {
        if (getPool(db, body.poolId) === null)
          throw new SwitchyardError('not_found', `There is no pool "${body.poolId}".`);
        assignSlot(store, uuid, body.poolId, world.knownUuids());
      }
      deps.replan();
      deps.feed.publish({ event: 'gpus', data: deps.gpuStatus() });
      return deps.gpuStatus();
    },

    doctor: deps.doctor,
    settings: () => readSettings(db),
    updateSettings(edit) {
      const settings = store.transact('settings', (tx) => {
        const merged = {
          ...readSettings(tx.db),
          ...Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined)),
        };
        writeSettings(tx.db, merged);
        return merged;
      });
      deps.feed.publish({ event: 'settings', data: settings });
      return settings;
    },

    async examples() {
      return (await listExamples(deps.examplesDir)).map(({ id, title, description }) => ({ id, title, description }));
    },
    async runExample(id) {
      const example = await loadExample(deps.examplesDir, id);
      return submitExperiment(deps.submit, {
        config: chooseExampleRuntime(example, deps.dockerAvailable()),
        source: { kind: 'directory', path: example.dir },
        paused: false,
      });
    },

    requestStop: deps.requestStop,
    reportBug: deps.reportBug,
  };

  async function bytesOf(ids: readonly number[]): Promise<number> {
    let total = 0;
    for (const id of ids) total += await directoryBytes(trialDirectories(deps.trialsDir, id).root);
    return total;
  }
}

/** How tokens of attempts are stored. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
