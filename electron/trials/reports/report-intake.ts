/**
 * Takes in what a trial reports (metrics, progress, checkpoints) from its report file or its HTTP door, and keeps the byte offset
 * in the same transaction: after a crash the file is read on from there, and nothing counts twice.
 */
import path from 'node:path';
import { getAttempt, setReportOffset } from '../../store/attempts.ts';
import type { Store } from '../../store/database.ts';
import { countSaid, wasSaid } from '../../store/events.ts';
import {
  hasMetric,
  insertCheckpoint,
  insertMetrics,
  listCheckpoints,
  listMetricNames,
  type MetricPoint,
} from '../../store/reports.ts';
import { updateProgress } from '../../store/trials.ts';
import { listFinishedCheckpoints } from '../files/checkpoints.ts';
import { directoryBytes } from '../files/directory-bytes.ts';
import { trialDirectories, type AttemptFiles } from '../files/directories.ts';
import type { ReportRecord } from './report-lines.ts';
import { createReportReader } from './report-reader.ts';

/** Most metric names one trial can have: each of them is a plot. */
const MAX_METRIC_NAMES = 2_000;
/** Most metrics of one trial that are told of when they stop being numbers. */
const MAX_NOT_FINITE = 50;

export interface IntakeDeps {
  readonly store: Store;
  readonly trialId: number;
  readonly attempt: number;
  readonly nowMs: () => number;
  readonly onMetrics: (trialId: number, points: readonly { name: string; step: number; value: number }[]) => void;
  readonly onProgress: (trialId: number) => void;
}

export interface ReportWatch {
  /** Reads what is left; call after the program ended. */
  drain(): Promise<void>;
  close(): void;
}

/** @param checkpointsDir where the trial's checkpoints are on this machine; for their sizes */
export async function takeReports(
  deps: IntakeDeps,
  checkpointsDir: string,
  records: readonly ReportRecord[],
  reportOffset: number | null,
): Promise<void> {
  const points: MetricPoint[] = [];
  const notFinite = new Set<string>();
  let progress: number | null = null;
  let progressAtMs = 0;
  let step: number | null = null;
  const checkpoints: {
    path: string;
    step: number | null;
    atMs: number;
    metrics: Record<string, number>;
    sizeBytes: number | null;
  }[] = [];
  for (const record of records) {
    const atMs = record.atMs ?? deps.nowMs();
    if (record.t === 'metrics') {
      for (const [name, value] of Object.entries(record.values)) points.push({ name, step: record.step, value, atMs });
      for (const name of record.nonFinite) notFinite.add(name);
      step = record.step;
    } else if (record.t === 'progress') {
      progress = record.value;
      progressAtMs = Math.min(atMs, deps.nowMs());
      step = record.step ?? step;
    } else {
      checkpoints.push({
        path: record.name,
        step: record.step,
        atMs,
        metrics: { ...record.metrics },
        sizeBytes: await directoryBytes(path.join(checkpointsDir, record.name)),
      });
      step = record.step ?? step;
    }
  }
  const kept = deps.store.transact('take reports', (tx) => {
    const within = withinNames(tx.db, deps, points, (text) => {
      tx.emit({ type: 'trial.too_many_metrics', trialId: deps.trialId, text });
    });
    insertMetrics(tx.db, deps.trialId, within);
    for (const checkpoint of checkpoints) {
      insertCheckpoint(tx.db, {
        trialId: deps.trialId,
        attempt: deps.attempt,
        path: checkpoint.path,
        step: checkpoint.step,
        savedAtMs: checkpoint.atMs,
        sizeBytes: checkpoint.sizeBytes,
        metrics: checkpoint.metrics,
      });
      tx.emit({
        type: 'trial.checkpoint',
        trialId: deps.trialId,
        text:
          checkpoint.step === null
            ? `Checkpoint ${checkpoint.path} saved`
            : `Checkpoint saved at step ${checkpoint.step}`,
      });
    }
    // Once a name: a loss that is NaN stays NaN. Where hundreds are, the first ones tell enough.
    for (const name of [...notFinite].slice(0, MAX_NOT_FINITE)) {
      const text = `${name} is no longer a finite number (NaN or infinite)`;
      if (countSaid(tx.db, deps.trialId, 'trial.not_finite') >= MAX_NOT_FINITE) break;
      if (!wasSaid(tx.db, deps.trialId, text)) tx.emit({ type: 'trial.not_finite', trialId: deps.trialId, text });
    }
    if (progress !== null || step !== null) updateProgress(tx.db, deps.trialId, progress, step, progressAtMs);
    if (reportOffset !== null) setReportOffset(tx.db, deps.trialId, deps.attempt, reportOffset);
    return within;
  });
  if (kept.length > 0) deps.onMetrics(deps.trialId, kept);
  if (progress !== null || step !== null) deps.onProgress(deps.trialId);
}

/** Leaves out the points of names beyond the most a trial can have, and says so once. */
function withinNames(
  db: Store['db'],
  deps: IntakeDeps,
  points: readonly MetricPoint[],
  say: (text: string) => void,
): readonly MetricPoint[] {
  const unknown = [...new Set(points.map((point) => point.name))].filter((name) => !hasMetric(db, deps.trialId, name));
  if (unknown.length === 0) return points;
  const room = Math.max(0, MAX_METRIC_NAMES - listMetricNames(db, deps.trialId).length);
  if (unknown.length <= room) return points;
  const left = new Set(unknown.slice(room));
  const text = `More than ${MAX_METRIC_NAMES} metric names were reported; only the first ${MAX_METRIC_NAMES} are kept`;
  if (!wasSaid(db, deps.trialId, text)) say(text);
  return points.filter((point) => !left.has(point.name));
}

/**
 * Takes in finished checkpoints that were never reported: of programs without the helper, or killed between saving and saying so.
 */
async function takeUnreported(deps: IntakeDeps, checkpointsDir: string): Promise<void> {
  const found = await listFinishedCheckpoints(checkpointsDir);
  if (found.length === 0) return;
  const known = new Set(listCheckpoints(deps.store.db, deps.trialId).map((checkpoint) => checkpoint.path));
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
  if (records.length > 0) await takeReports(deps, checkpointsDir, records, null);
}

export function watchReports(
  deps: IntakeDeps & {
    readonly files: AttemptFiles;
    readonly trialsDir: string;
    readonly log: { error(text: string, error?: unknown): void };
  },
): ReportWatch {
  const checkpointsDir = trialDirectories(deps.trialsDir, deps.trialId).checkpoints;
  const reader = createReportReader({
    filePath: deps.files.reports,
    offset: getAttempt(deps.store.db, deps.trialId, deps.attempt)?.reportOffset ?? 0,
    // Rejecting makes the reader offer the same records again later.
    onRecords: (records, newOffset) => takeReports(deps, checkpointsDir, records, newOffset),
    onError: (error) => {
      deps.log.error(`#${deps.trialId}: its reports could not be saved, trying again`, error);
    },
  });
  return {
    drain: async () => {
      await reader.drain();
      await takeUnreported(deps, checkpointsDir).catch((error: unknown) => {
        deps.log.error(`#${deps.trialId}: its last checkpoints could not be noted`, error);
      });
    },
    close: () => {
      reader.close();
    },
  };
}
