/**
 * What the logs of trials tell by themselves: how far a trial is (its progress bars), and its metrics where its user switched that on.
 *
 * `look` is called every few seconds for the running attempts, and costs little however much they write: of a log whose metrics are not
 * taken only the newest stretch is read. Metrics are taken from all of it, in slices with a turn for others in between; how far that is
 * lies beside the attempt, in the transaction of its points. A log is read by one at a time.
 */
import { setImmediate } from 'node:timers/promises';
import type { LogFacts } from '../../contract/trials.ts';
import { listAttempts } from '../../store/attempts.ts';
import type { Store } from '../../store/database.ts';
import { readLogMetricsState, readLogReading, setTakesLogMetrics } from '../../store/log-facts.ts';
import type { MetricPoint } from '../../store/reports.ts';
import { attemptFiles } from '../files/directories.ts';
import { MANY_POINTS, type ReportIntake, type Reporter } from '../reports/report-intake.ts';
import { requireTrial } from '../require-trial.ts';
import { followBar, judgeBars, NO_BARS, type FollowedBars } from './follow-bars.ts';
import { logFacts, readLogRange } from './log-store.ts';
import { parseBar } from './parse-bar.ts';
import { plainLine } from './plain-line.ts';
import { nextAttempt, NOTHING_TAKEN, takeLines, type LogMetricsState } from './take-log-metrics.ts';

/** The newest stretch of a log that is looked at for bars; the first look goes further back, to see which of them begin anew. */
const STRETCH_BYTES = 16 * 1024;
const FIRST_STRETCH_BYTES = 256 * 1024;
const SLICE_BYTES = 64 * 1024;
/** Metrics are taken from so much of a running log in one look; what is more waits for the next. */
const MAX_LOOK_BYTES = 4 * 1024 * 1024;
/** A smaller change of the progress is no news. */
const LEAST_CHANGE = 0.001;
/** So long an answer waits for the metrics of what is written already. */
const ANSWER_MS = 2_000;

export interface LogReader {
  /** Reads on in the logs of running attempts. Never rejects. */
  look(attempts: readonly (Reporter & { readonly logPath: string })[]): Promise<void>;
  /** The last byte of an attempt's log is written. Never rejects. */
  finish(trialId: number, logPath: string): Promise<void>;
  /** What the log of a trial's latest attempt has. @throws SwitchyardError not_found */
  facts(trialId: number): Promise<LogFacts>;
  /**
   * From now on metrics are taken from the trial's logs, from their beginnings on; or no longer, and what was taken stays.
   * Settles when what is written already is taken in, or after two seconds. @throws SwitchyardError not_found
   */
  takeMetrics(trialId: number, takes: boolean): Promise<LogFacts>;
  close(): void;
}

export interface LogReaderDeps {
  readonly store: Store;
  readonly trialsDir: string;
  readonly nowMs: () => number;
  readonly intake: Pick<ReportIntake, 'takeFromLog'>;
  readonly onError: (text: string, error: unknown) => void;
}

interface Watched {
  readonly attempt: number;
  readonly seenBytes: number;
  readonly bars: FollowedBars;
  readonly progress: number | null;
}

export function createLogReader(deps: LogReaderDeps): LogReader {
  const { db } = deps.store;
  const watched = new Map<number, Watched>();
  const underWay = new Map<number, Promise<void>>();
  const closed = new AbortController();

  /** One at a time for each trial. */
  function inTurn(trialId: number, task: () => Promise<void>): Promise<void> {
    const mine = (underWay.get(trialId) ?? Promise.resolve()).then(task).catch((error: unknown) => {
      if (!closed.signal.aborted) deps.onError(`the log of #${trialId} could not be read for what it tells`, error);
    });
    underWay.set(trialId, mine);
    return mine.finally(() => {
      if (underWay.get(trialId) === mine) underWay.delete(trialId);
    });
  }

  async function lookForBars({ trialId, attempt, logPath }: Reporter & { readonly logPath: string }): Promise<void> {
    const known = watched.get(trialId);
    const before = known?.attempt === attempt ? known : null;
    const { totalBytes } = await logFacts(logPath);
    const from = Math.max(before?.seenBytes ?? 0, totalBytes - (before === null ? FIRST_STRETCH_BYTES : STRETCH_BYTES));
    if (from >= totalBytes) return;
    // Nothing twice: a bar that was there before would look like one that begins anew.
    const slice = await readLogRange(logPath, from, FIRST_STRETCH_BYTES);
    const bars = followBars(before?.bars ?? NO_BARS, linesOf(slice.data));
    const progress = judgeBars(bars)?.progress ?? null;
    const last = before?.progress ?? null;
    const isNews = progress === null || last === null ? progress !== last : Math.abs(progress - last) >= LEAST_CHANGE;
    watched.set(trialId, {
      attempt,
      seenBytes: slice.offset + slice.data.length,
      bars,
      progress: isNews ? progress : last,
    });
    if (isNews) await deps.intake.takeFromLog({ trialId, attempt }, { points: [], notFinite: new Set(), progress });
  }

  /** @param mostBytes null = to the end, a last line without its end included */
  async function takeFrom(trialId: number, attempt: number, logPath: string, mostBytes: number | null): Promise<void> {
    let state = stateOf(trialId, attempt);
    const until = mostBytes === null ? Infinity : state.offset + mostBytes;
    let points: MetricPoint[] = [];
    let notFinite = new Set<string>();
    let savedOffset = state.offset;
    const save = async (): Promise<void> => {
      if (state.offset === savedOffset) return;
      savedOffset = state.offset;
      const news = { points, notFinite, metricsState: JSON.stringify(state) };
      points = [];
      notFinite = new Set();
      await deps.intake.takeFromLog({ trialId, attempt }, news);
    };
    while (state.offset < until && !closed.signal.aborted) {
      const slice = await readLogRange(logPath, state.offset, SLICE_BYTES);
      const isEnd = slice.next >= slice.totalBytes;
      const cut = isEnd && mostBytes === null ? slice.data.length : lastLineEnd(slice.data);
      const isGap = slice.next > slice.offset + slice.data.length || slice.offset > state.offset;
      // No line ends in a whole slice: it is none that has metrics.
      const length = cut === 0 && (slice.data.length >= SLICE_BYTES || isGap) ? slice.data.length : cut;
      if (length === 0 && !isGap) break;
      const taken = takeLines(state, linesOf(slice.data.subarray(0, length)), deps.nowMs());
      const offset = isGap && length === slice.data.length ? slice.next : slice.offset + length;
      state = { ...taken.state, offset };
      points.push(...taken.points);
      for (const name of taken.notFinite) notFinite.add(name);
      if (points.length >= MANY_POINTS) await save();
      await setImmediate();
    }
    await save();
  }

  function stateOf(trialId: number, attempt: number): LogMetricsState {
    const text = readLogMetricsState(db, trialId, attempt);
    if (text !== null) return JSON.parse(text) as LogMetricsState;
    const before = attempt > 1 ? readLogMetricsState(db, trialId, attempt - 1) : null;
    return before === null ? NOTHING_TAKEN : nextAttempt(JSON.parse(before) as LogMetricsState);
  }

  const logOf = (trialId: number, attempt: number): string => attemptFiles(deps.trialsDir, trialId, attempt).log;

  async function facts(trialId: number): Promise<LogFacts> {
    requireTrial(db, trialId);
    const attempt = listAttempts(db, trialId).at(-1)?.number ?? null;
    const reading = readLogReading(db, trialId);
    const tail = attempt === null ? [] : linesOf((await readLogRange(logOf(trialId, attempt), -SLICE_BYTES)).data);
    const { names } = takeLines(NOTHING_TAKEN, tail, 0).state;
    const seen = watched.get(trialId);
    const judged = judgeBars(seen?.attempt === attempt ? seen.bars : followBars(NO_BARS, tail));
    return {
      attempt,
      metricNames: Object.keys(names).filter((name) => names[name] === 'metric'),
      takesMetrics: reading?.takesMetrics ?? false,
      bar:
        judged === null
          ? null
          : {
              label: judged.bar.label,
              position: judged.bar.position,
              total: judged.bar.total,
              remainingMs: judged.bar.remainingMs,
              perSecond: judged.bar.perSecond,
              progress: judged.progress,
            },
    };
  }

  return {
    async look(attempts) {
      for (const id of watched.keys()) if (!attempts.some(({ trialId }) => trialId === id)) watched.delete(id);
      for (const one of attempts) {
        const { trialId, attempt, logPath } = one;
        // Still busy with an earlier look.
        if (underWay.has(trialId)) continue;
        const reading = readLogReading(db, trialId);
        if (reading === null) continue;
        await inTurn(trialId, async () => {
          if (reading.progressIsFromLog) await lookForBars(one);
          if (reading.takesMetrics) await takeFrom(trialId, attempt, logPath, MAX_LOOK_BYTES);
        });
      }
    },

    async finish(trialId, logPath) {
      if (readLogReading(db, trialId)?.takesMetrics !== true) return;
      const attempt = listAttempts(db, trialId).findLast(({ number }) => logOf(trialId, number) === logPath)?.number;
      if (attempt === undefined) return;
      await inTurn(trialId, () => takeFrom(trialId, attempt, logPath, null));
    },

    facts,

    async takeMetrics(trialId, takes) {
      requireTrial(db, trialId);
      deps.store.transact('metrics from the log', (tx) => {
        setTakesLogMetrics(tx.db, trialId, takes);
        tx.emit({
          type: 'trial.log_metrics',
          trialId,
          text: takes ? 'Metrics are taken from its log' : 'Metrics are no longer taken from its log',
        });
      });
      if (takes) {
        const taking = inTurn(trialId, async () => {
          for (const { number, endedAtMs } of listAttempts(db, trialId)) {
            const logPath = logOf(trialId, number);
            const { totalBytes } = await logFacts(logPath);
            await takeFrom(trialId, number, logPath, endedAtMs === null ? totalBytes : null);
          }
        });
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, ANSWER_MS);
        await Promise.race([taking, promise]);
        clearTimeout(timer);
      }
      return facts(trialId);
    },

    close() {
      closed.abort();
      watched.clear();
    },
  };
}

function followBars(known: FollowedBars, lines: readonly string[]): FollowedBars {
  let bars = known;
  for (const line of lines) {
    const bar = parseBar(plainLine(line));
    if (bar !== null) bars = followBar(bars, bar);
  }
  return bars;
}

/** A carriage return ends what is written over next, as a line end ends a line. */
function linesOf(data: Buffer): string[] {
  return data.toString('utf8').split(/[\r\n]+/);
}

/** @returns behind the last line end; 0 = there is none */
function lastLineEnd(data: Buffer): number {
  return Math.max(data.lastIndexOf(10), data.lastIndexOf(13)) + 1;
}
