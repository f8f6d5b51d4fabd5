/**
 * Takes in what a trial reports (metrics, progress, checkpoints) from its report file or its HTTP door, and keeps the byte offset
 * in the same transaction: after a crash the file is read on from there, and nothing counts twice.
 */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getAttempt, setReportOffset } from '../../store/attempts.ts';
import type { Store, Tx } from '../../store/database.ts';
import { followMetricCells } from '../../store/cells.ts';
import { countSaid, wasSaid } from '../../store/events.ts';
import { noteReportedProgress, updateLogProgress, writeLogMetricsState } from '../../store/log-facts.ts';
import {
  hasMetric,
  insertCheckpoint,
  insertMetrics,
  listCheckpoints,
  listMetricNames,
  type MetricPoint,
  type NewCheckpoint,
} from '../../store/reports.ts';
import { getTrialRow, updateProgress } from '../../store/trials.ts';
import { listFinishedCheckpoints } from '../files/checkpoints.ts';
import { directoryBytes } from '../files/directory-bytes.ts';
import { trialDirectories } from '../files/directories.ts';
import { createMetricBudget, MAX_POINTS_PER_BATCH, thinBatch } from './metric-budget.ts';
import { followMainMetric } from './main-metric-row.ts';
import { noteForSearch } from './note-for-search.ts';
import type { ReportRecord } from './report-lines.ts';
import { createReportReader } from './report-reader.ts';

/** Reports of all trials share a transaction this often: each one waits for the disk. After a crash they are read again. */
const BEAT_MS = 1_000;
/** So much is taken in before the slots of an ended attempt are given back; the rest afterwards. */
const MAX_QUICK_BYTES = 256 * 1024;
/** So many points from a log do not wait for the beat: more of them are behind. */
export const MANY_POINTS = 1_500;
const THINNED = 'More points are reported than are kept: curves are thinned, their highs and lows stay';
/** Most metric names one trial can have: each of them is a plot. */
const MAX_METRIC_NAMES = 2_000;
/** Most metrics of one trial that are told of when they stop being numbers. */
const MAX_NOT_FINITE = 50;

export interface IntakeDeps {
  readonly store: Store;
  readonly trialsDir: string;
  readonly nowMs: () => number;
  readonly onMetrics: (trialId: number, points: readonly MetricPoint[]) => void;
  readonly onProgress: (trialId: number) => void;
  /** A checkpoint is saved and known. */
  readonly onCheckpoint: (trialId: number) => void;
  readonly log: { error(text: string, error?: unknown): void };
}

/** Whose reports they are. */
export interface Reporter {
  readonly trialId: number;
  readonly attempt: number;
}

export interface ReportWatch {
  /**
   * Call after the program ended: takes in what is left, if that is little.
   * @returns null then; else what takes in the rest, for when the attempt's slots are given back. Never rejects.
   */
  finish(): Promise<(() => Promise<void>) | null>;
  close(): void;
}

/** What was read from the log of an attempt. */
export interface LogNews {
  readonly points: readonly MetricPoint[];
  /** Names whose number is NaN or infinite. */
  readonly notFinite: ReadonlySet<string>;
  /** How far the trial is; null = what was read before proved to be nothing; missing = no news. */
  readonly progress?: number | null;
  /** How far metrics are taken from the log, as it is kept beside the attempt. */
  readonly metricsState?: string;
}

export interface ReportIntake {
  /** Follows the report file of an attempt from where it was left. */
  watch(reporter: Reporter, reportFile: string): ReportWatch;
  /** Takes what came another way; it is saved when this settles. */
  take(reporter: Reporter, records: readonly ReportRecord[]): Promise<void>;
  /** Takes what its log tells; it is saved when this settles, with the next reports or, where there is much, at once. */
  takeFromLog(reporter: Reporter, news: LogNews): Promise<void>;
  /** Stops following; what was not saved is read again by the next engine. */
  close(): void;
}

interface Batch extends Reporter {
  readonly points: readonly MetricPoint[];
  readonly wasThinned: boolean;
  readonly notFinite: ReadonlySet<string>;
  readonly progress: number | null;
  readonly progressAtMs: number;
  readonly step: number | null;
  readonly checkpoints: readonly NewCheckpoint[];
  readonly reportOffset: number | null;
  readonly fromLog: Pick<LogNews, 'progress' | 'metricsState'>;
}

interface Pending {
  readonly batch: Batch;
  readonly saved: () => void;
  readonly refused: (error: unknown) => void;
}

/** @param beatMs how long reports of files are gathered; for tests */
export function createReportIntake(deps: IntakeDeps, beatMs: number = BEAT_MS): ReportIntake {
  const { store } = deps;
  const budget = createMetricBudget(store);
  const watches = new Set<ReportWatch>();
  let pending: Pending[] = [];
  /** Takes back the flush that is due; null when none is. */
  let cancelFlush: (() => void) | null = null;
  let flushing: Promise<void> = Promise.resolve();
  const stopped = new AbortController();

  function checkpointsDirOf(trialId: number): string {
    return trialDirectories(deps.trialsDir, trialId).checkpoints;
  }

  /** @param isLate of an attempt that has ended: how far it was is no news any more */
  async function digest(
    reporter: Reporter,
    records: readonly ReportRecord[],
    reportOffset: number | null,
    isLate: boolean,
  ): Promise<Batch> {
    const points: MetricPoint[] = [];
    const notFinite = new Set<string>();
    const checkpoints: NewCheckpoint[] = [];
    let progress: number | null = null;
    let progressAtMs = deps.nowMs();
    let step: number | null = null;
    for (const record of records) {
      const atMs = record.atMs ?? deps.nowMs();
      if (record.t === 'metrics') {
        for (const [name, value] of Object.entries(record.values))
          points.push({ name, step: record.step, value, atMs });
        for (const name of record.nonFinite) notFinite.add(name);
        step = record.step;
      } else if (record.t === 'progress') {
        progress = record.value;
        progressAtMs = Math.min(atMs, deps.nowMs());
        step = record.step ?? step;
      } else {
        checkpoints.push({
          trialId: reporter.trialId,
          attempt: reporter.attempt,
          path: record.name,
          step: record.step,
          savedAtMs: atMs,
          metrics: { ...record.metrics },
          sizeBytes: await directoryBytes(path.join(checkpointsDirOf(reporter.trialId), record.name)),
        });
        step = record.step ?? step;
      }
    }
    const kept = thinBatch(points);
    return {
      ...reporter,
      points: kept,
      wasThinned: kept !== points,
      notFinite,
      progress: isLate ? null : progress,
      progressAtMs,
      step: isLate ? null : step,
      checkpoints,
      reportOffset,
      fromLog: {},
    };
  }

  function enqueue(batch: Batch, isUrgent: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      pending.push({ batch, saved: resolve, refused: reject });
      if (isUrgent) flushSoon();
      else cancelFlush ??= flushAfterBeat();
    });
  }

  function flushAfterBeat(): () => void {
    const timer = setTimeout(flush, beatMs);
    return () => {
      clearTimeout(timer);
    };
  }

  /** With what else is urgent in this turn. */
  function flushSoon(): void {
    cancelFlush?.();
    const immediate = setImmediate(flush);
    cancelFlush = () => {
      clearImmediate(immediate);
    };
  }

  /** One transaction for the reports of all trials; more only where they are many, with a turn for others in between. */
  function flush(): void {
    cancelFlush = null;
    const all = pending;
    pending = [];
    flushing = flushing.then(() => saveAll(all));
  }

  async function saveAll(all: readonly Pending[]): Promise<void> {
    for (let from = 0; from < all.length && !stopped.signal.aborted;) {
      let to = from;
      let points = 0;
      do points += all[to++]?.batch.points.length ?? 0;
      while (to < all.length && points + (all[to]?.batch.points.length ?? 0) <= MAX_POINTS_PER_BATCH);
      const group = all.slice(from, to);
      from = to;
      // Nothing of a group that is refused was written; one of them must not hold up the others.
      if (!save(group)) for (const one of group) if (group.length > 1) save([one]);
      await nextTurn();
    }
  }

  /** @returns false when it was refused and may go better one by one */
  function save(group: readonly Pending[]): boolean {
    let kept: (readonly MetricPoint[])[];
    try {
      kept = store.transact('take reports', (tx) => group.map(({ batch }) => write(tx, batch)));
    } catch (error) {
      if (group.length > 1) return false;
      group[0]?.refused(error);
      return true;
    }
    for (const [at, { batch, saved }] of group.entries()) {
      const { trialId } = batch;
      const points = kept[at] ?? [];
      saved();
      if (batch.checkpoints.length > 0) deps.onCheckpoint(trialId);
      if (points.length > 0) deps.onMetrics(trialId, points);
      if (batch.progress !== null || batch.step !== null || batch.fromLog.progress !== undefined)
        deps.onProgress(trialId);
      for (const name of budget.written(trialId, points)) thinLater(trialId, name);
    }
    return true;
  }

  function thinLater(trialId: number, name: string): void {
    flushing = flushing
      .then(async () => {
        if (stopped.signal.aborted) return;
        sayThinned(store, trialId);
        await budget.thinOut(trialId, name);
      })
      .catch((error: unknown) => {
        deps.log.error(`#${trialId}: its metrics could not be thinned`, error);
      });
  }

  /**
   * Takes in finished checkpoints that were never reported: of programs without the helper, or killed between saving and saying so.
   */
  async function takeUnreported(reporter: Reporter): Promise<void> {
    const found = await listFinishedCheckpoints(checkpointsDirOf(reporter.trialId));
    if (found.length === 0) return;
    const known = new Set(listCheckpoints(store.db, reporter.trialId).map((checkpoint) => checkpoint.path));
    const records = found
      .filter(({ name }) => !known.has(name))
      .toReversed()
      .map(({ name, step, savedAtMs, metrics }): ReportRecord => ({
        t: 'checkpoint',
        name,
        step,
        metrics,
        atMs: savedAtMs,
      }));
    if (records.length > 0) await enqueue(await digest(reporter, records, null, false), true);
  }

  return {
    watch(reporter, reportFile) {
      const { trialId } = reporter;
      let isEnding = false;
      let isLate = false;
      const reader = createReportReader({
        filePath: reportFile,
        offset: getAttempt(store.db, trialId, reporter.attempt)?.reportOffset ?? 0,
        // Rejecting makes the reader offer the same records again later.
        onRecords: async (records, newOffset) => enqueue(await digest(reporter, records, newOffset, isLate), isEnding),
        onError: (error) => {
          deps.log.error(`#${trialId}: its reports could not be saved, trying again`, error);
        },
        onLeftOut: () => {
          sayThinned(store, trialId);
        },
      });
      const drain = async (): Promise<void> => {
        await reader.drain();
        await takeUnreported(reporter).catch((error: unknown) => {
          deps.log.error(`#${trialId}: its last checkpoints could not be noted`, error);
        });
        watch.close();
      };
      const watch: ReportWatch = {
        async finish() {
          isEnding = true;
          // A free slot does not wait for the beat.
          if (cancelFlush !== null) flushSoon();
          if (reader.behindBytes() <= MAX_QUICK_BYTES) {
            await drain();
            return null;
          }
          isLate = true;
          return drain;
        },
        close() {
          reader.close();
          watches.delete(watch);
          budget.forget(trialId);
        },
      };
      watches.add(watch);
      return watch;
    },

    async take(reporter, records) {
      await enqueue(await digest(reporter, records, null, false), true);
    },

    takeFromLog(reporter, { points, notFinite, ...fromLog }) {
      const kept = thinBatch(points);
      const none = { progress: null, step: null, checkpoints: [], reportOffset: null };
      const batch: Batch = {
        ...reporter,
        ...none,
        points: kept,
        wasThinned: kept !== points,
        notFinite,
        progressAtMs: deps.nowMs(),
        fromLog,
      };
      return enqueue(batch, kept.length >= MANY_POINTS);
    },

    close() {
      stopped.abort();
      cancelFlush?.();
      for (const watch of watches) watch.close();
    },
  };
}

/** @returns the points that were kept */
function write(tx: Tx, batch: Batch): readonly MetricPoint[] {
  const { trialId } = batch;
  // Deleted meanwhile: nobody wants them any more.
  const trial = getTrialRow(tx.db, trialId);
  if (trial === null) return [];
  const say = (type: string, text: string): void => {
    tx.emit({ type, trialId, text });
  };
  const within = withinNames(tx.db, trialId, batch.points, (text) => {
    say('trial.too_many_metrics', text);
  });
  insertMetrics(tx.db, trialId, within);
  followMainMetric(tx.db, trial, within);
  noteForSearch(tx.db, trial, within, batch.notFinite);
  followMetricCells(tx.db, trialId, within);
  if (batch.wasThinned && !wasSaid(tx.db, trialId, THINNED)) say('trial.metrics_thinned', THINNED);
  for (const checkpoint of batch.checkpoints) {
    insertCheckpoint(tx.db, checkpoint);
    const { step } = checkpoint;
    say('trial.checkpoint', step === null ? `Checkpoint ${checkpoint.path} saved` : `Checkpoint saved at step ${step}`);
  }
  // Once a name: a loss that is NaN stays NaN. Where hundreds are, the first ones tell enough.
  for (const name of [...batch.notFinite].slice(0, MAX_NOT_FINITE)) {
    const text = `${name} is no longer a finite number (NaN or infinite)`;
    if (countSaid(tx.db, trialId, 'trial.not_finite') >= MAX_NOT_FINITE) break;
    if (!wasSaid(tx.db, trialId, text)) say('trial.not_finite', text);
  }
  if (batch.progress !== null || batch.step !== null)
    updateProgress(tx.db, trialId, batch.progress, batch.step, batch.progressAtMs);
  if (batch.progress !== null) noteReportedProgress(tx.db, trialId);
  const { progress, metricsState } = batch.fromLog;
  if (progress !== undefined) updateLogProgress(tx.db, trialId, progress, batch.progressAtMs);
  if (metricsState !== undefined) writeLogMetricsState(tx.db, trialId, batch.attempt, metricsState);
  if (batch.reportOffset !== null) setReportOffset(tx.db, trialId, batch.attempt, batch.reportOffset);
  return within;
}

function sayThinned(store: Store, trialId: number): void {
  if (wasSaid(store.db, trialId, THINNED)) return;
  store.transact('say that metrics are thinned', (tx) => {
    tx.emit({ type: 'trial.metrics_thinned', trialId, text: THINNED });
  });
}

/** Leaves out the points of names beyond the most a trial can have, and says so once. */
function withinNames(
  db: Store['db'],
  trialId: number,
  points: readonly MetricPoint[],
  say: (text: string) => void,
): readonly MetricPoint[] {
  const unknown = [...new Set(points.map((point) => point.name))].filter((name) => !hasMetric(db, trialId, name));
  if (unknown.length === 0) return points;
  const room = Math.max(0, MAX_METRIC_NAMES - listMetricNames(db, trialId).length);
  if (unknown.length <= room) return points;
  const left = new Set(unknown.slice(room));
  const text = `More than ${MAX_METRIC_NAMES} metric names were reported; only the first ${MAX_METRIC_NAMES} are kept`;
  if (!wasSaid(db, trialId, text)) say(text);
  return points.filter((point) => !left.has(point.name));
}
