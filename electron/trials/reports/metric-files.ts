/**
 * Metrics from files that programs write by themselves: TensorBoard's event files, DVCLive's TSV files (they are there where its live
 * protocol does not reach us), and metrics.jsonl in the output directory.
 *
 * `look` is called every few seconds for the running attempts. Only files that changed since the attempt began count, and only below
 * the places where such files are by custom: what a run before left in the directory is not this one's. How far a file is read is kept in
 * memory; an engine that starts anew reads it again, and a point that comes twice is one point. No link is followed.
 */
import { opendir } from 'node:fs/promises';
import path from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../files/open-regular.ts';
import { isOutOfReach } from '../files/file-growth.ts';
import type { MetricPoint } from '../../store/reports.ts';
import { MAX_METRIC_NAME_CHARS } from './report-lines.ts';
import type { ReportIntake, Reporter } from './report-intake.ts';
import { readJsonPoints, readTsvPoints } from './metric-lines.ts';
import { readScalarEvents, type ScalarPoint } from './tensorboard-events.ts';

/** Where programs put such files, below their working directory; the output directory is looked at as a whole. */
const PLACES = ['runs', 'logs', 'tb_logs', 'tensorboard', 'lightning_logs', 'dvclive'];
const MAX_DEPTH = 5;
/** Entries of directories looked at for one attempt in one look. */
const MAX_ENTRIES = 2_000;
const MAX_FILES = 200;
const SLICE_BYTES = 1024 * 1024;
/** So much of a file in one look; what is more waits for the next. */
const MAX_LOOK_BYTES = 8 * 1024 * 1024;
/** A directory of this name tells two curves of one name apart. */
const SPLITS: ReadonlySet<string> = new Set(['train', 'training', 'val', 'valid', 'validation', 'eval', 'test']);

type Kind = 'events' | 'tsv' | 'jsonl';

interface FollowedFile {
  readonly kind: Kind;
  readonly prefix: string;
  offset: number;
  header: string | null;
  isBroken: boolean;
}

export interface WatchedAttempt extends Reporter {
  /** null = it is not the trial's own. */
  readonly workDir: string | null;
  readonly outputDir: string;
  readonly startedAtMs: number;
}

export interface MetricFiles {
  /** Reads on in the files of running attempts. Never rejects. */
  look(attempts: readonly WatchedAttempt[]): Promise<void>;
  /** The attempt has ended: what is left is read. Never rejects. */
  finish(attempt: WatchedAttempt): Promise<void>;
}

export interface MetricFilesDeps {
  readonly nowMs: () => number;
  readonly intake: Pick<ReportIntake, 'takeFromLog'>;
  readonly onError: (text: string, error: unknown) => void;
}

export function createMetricFiles(deps: MetricFilesDeps): MetricFiles {
  /** By attempt, then by path. */
  const followed = new Map<string, Map<string, FollowedFile>>();
  const underWay = new Map<string, Promise<void>>();

  const keyOf = ({ trialId, attempt }: Reporter): string => `${trialId}/${attempt}`;

  /** One at a time for each attempt. */
  function inTurn(attempt: WatchedAttempt): Promise<void> {
    const key = keyOf(attempt);
    const mine = (underWay.get(key) ?? Promise.resolve())
      .then(() => readAll(attempt))
      .catch((error: unknown) => deps.onError(`the metric files of #${attempt.trialId} could not be read`, error))
      .finally(() => {
        if (underWay.get(key) === mine) underWay.delete(key);
      });
    underWay.set(key, mine);
    return mine;
  }

  async function readAll(attempt: WatchedAttempt): Promise<void> {
    const files = followed.get(keyOf(attempt)) ?? new Map<string, FollowedFile>();
    followed.set(keyOf(attempt), files);
    const budget = { entries: MAX_ENTRIES };
    if (attempt.workDir !== null)
      for (const place of PLACES) await find(path.join(attempt.workDir, place), 0, attempt, files, budget);
    await find(attempt.outputDir, 0, attempt, files, budget);
    for (const [file, state] of files) if (!state.isBroken) await readOne(attempt, file, state);
  }

  async function find(
    directory: string,
    depth: number,
    attempt: WatchedAttempt,
    files: Map<string, FollowedFile>,
    budget: { entries: number },
  ): Promise<void> {
    try {
      for await (const entry of await opendir(directory)) {
        budget.entries -= 1;
        if (budget.entries < 0 || files.size >= MAX_FILES) return;
        const file = path.join(directory, entry.name);
        if (entry.isDirectory() && depth < MAX_DEPTH) await find(file, depth + 1, attempt, files, budget);
        else if (entry.isFile() && !files.has(file)) {
          const found = followable(file, attempt);
          if (found !== null) files.set(file, found);
        }
      }
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
    }
  }

  async function readOne(attempt: WatchedAttempt, file: string, state: FollowedFile): Promise<void> {
    const handle = await openRegular(file);
    if (handle === null) return;
    try {
      const { size, mtimeMs } = await handle.stat();
      if (mtimeMs < attempt.startedAtMs || size === state.offset) return;
      // Written anew from its beginning.
      if (size < state.offset) Object.assign(state, { offset: 0, header: null });
      for (let left = MAX_LOOK_BYTES; left > 0 && !state.isBroken; left -= SLICE_BYTES) {
        const before = state.offset;
        const points = await readSlice(handle, state);
        if (points.length > 0) await save(attempt, points);
        if (state.offset === before) return;
      }
    } finally {
      await handle.close();
    }
  }

  async function save(attempt: Reporter, points: readonly ScalarPoint[]): Promise<void> {
    const kept: MetricPoint[] = [];
    const notFinite = new Set<string>();
    for (const { name, step, value, atMs } of points) {
      if (name.trim() === '' || name.length > MAX_METRIC_NAME_CHARS || !Number.isFinite(step)) continue;
      if (Number.isFinite(value)) kept.push({ name, step, value, atMs: atMs ?? deps.nowMs() });
      else notFinite.add(name);
    }
    const { trialId, attempt: number } = attempt;
    await deps.intake.takeFromLog({ trialId, attempt: number }, { points: kept, notFinite });
  }

  return {
    async look(attempts) {
      const keys = new Set(attempts.map(keyOf));
      for (const key of followed.keys()) if (!keys.has(key) && !underWay.has(key)) followed.delete(key);
      // One after the other: this is never urgent.
      for (const attempt of attempts) if (!underWay.has(keyOf(attempt))) await inTurn(attempt);
    },
    async finish(attempt) {
      await inTurn(attempt);
      followed.delete(keyOf(attempt));
    },
  };
}

/** @returns null = it is none of these files */
function followable(file: string, attempt: WatchedAttempt): FollowedFile | null {
  const name = path.basename(file);
  const state = { offset: 0, header: null, isBroken: false };
  if (name.includes('tfevents')) {
    const parent = path.basename(path.dirname(file));
    return { ...state, kind: 'events', prefix: SPLITS.has(parent.toLowerCase()) ? `${parent}/` : '' };
  }
  if (name === 'metrics.jsonl' && path.dirname(file) === attempt.outputDir)
    return { ...state, kind: 'jsonl', prefix: '' };
  const [, metric] = /\/plots\/metrics\/(.+)\.tsv$/.exec(file.split(path.sep).join('/')) ?? [];
  return metric === undefined ? null : { ...state, kind: 'tsv', prefix: metric };
}

/** Reads on by one slice, and moves the offset behind what was understood. */
async function readSlice(handle: FileHandle, state: FollowedFile): Promise<ScalarPoint[]> {
  const buffer = Buffer.alloc(SLICE_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, SLICE_BYTES, state.offset);
  const bytes = buffer.subarray(0, bytesRead);
  if (state.kind === 'events') {
    const { points, usedBytes, isBroken } = readScalarEvents(bytes);
    state.offset += usedBytes;
    // A record that does not fit into a slice is no scalar, and what is behind it is out of reach.
    state.isBroken = isBroken || (usedBytes === 0 && bytesRead === SLICE_BYTES);
    return points.map((point) => ({ ...point, name: state.prefix + point.name }));
  }
  const end = bytes.lastIndexOf(10) + 1;
  state.isBroken = end === 0 && bytesRead === SLICE_BYTES;
  state.offset += end;
  const lines = bytes
    .subarray(0, end)
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  if (state.kind === 'jsonl') return readJsonPoints(lines);
  state.header ??= lines.shift() ?? null;
  return state.header === null ? [] : readTsvPoints(state.header, lines, state.prefix);
}
