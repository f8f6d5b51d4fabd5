/**
 * From the lines of a log to points of metrics. Pure: the state goes in and comes out, as JSON can hold it, so that reading goes on
 * behind it after a restart and gives the same points.
 *
 * The step of a point is the count in its line (`step=`, `iter:`, ..., `epoch=`), else the position of its progress bar, else the number of
 * its line among those with metrics. A count that falls begins anew (a new epoch) and goes on above what it was. A name that was
 * written once before anything repeated is a setting and no metric; it becomes one when it comes again.
 */
import type { MetricPoint } from '../../store/reports.ts';
import { parseBar } from './parse-bar.ts';
import { parsePairs } from './parse-pairs.ts';
import { plainLine } from './plain-line.ts';

/** Names of one trial; later ones are left out. */
const MAX_NAMES = 100;
/** What is counted in one log, its bars by their totals; the log may name a new one on every line. */
const MAX_COUNTS = 50;
/** What is longer is no line of metrics. */
const MAX_LINE_CHARS = 4_000;

export interface LogMetricsState {
  /** Bytes of the log taken in. */
  readonly offset: number;
  /** Lines with metrics so far. */
  readonly lines: number;
  /** By what is counted: the last count, and what stood there when it last began anew. */
  readonly counts: Readonly<Record<string, { readonly last: number; readonly base: number }>>;
  /** 'metric', or the one point there is of it: [step, value]. */
  readonly names: Readonly<Record<string, 'metric' | readonly [number, number]>>;
}

export const NOTHING_TAKEN: LogMetricsState = { offset: 0, lines: 0, counts: {}, names: {} };

/** @returns the state of a further attempt: what has no step of its own goes on behind the attempt before */
export function nextAttempt(before: LogMetricsState): LogMetricsState {
  return { ...NOTHING_TAKEN, lines: before.lines, names: before.names };
}

export interface TakenLines {
  readonly state: LogMetricsState;
  readonly points: readonly MetricPoint[];
  /** Names whose number is NaN or infinite. */
  readonly notFinite: ReadonlySet<string>;
}

/**
 * @param lines without their ends; each rewriting of a line (a carriage return) is one
 * @param nowMs the time the points get
 */
export function takeLines(before: LogMetricsState, lines: readonly string[], nowMs: number): TakenLines {
  const counts = new Map(Object.entries(before.counts).slice(0, MAX_COUNTS));
  const names = new Map(Object.entries(before.names));
  const points: MetricPoint[] = [];
  const notFinite = new Set<string>();
  let isUnderWay = [...names.values()].includes('metric');
  let lineCount = before.lines;

  function stepOf(name: string, value: number): number {
    const found = counts.get(name);
    // One too many counts for nothing.
    if (found === undefined && counts.size >= MAX_COUNTS) return lineCount;
    const known = found ?? { last: 0, base: 0 };
    const base = value < known.last ? known.base + known.last : known.base;
    counts.set(name, { last: value, base });
    return base + value;
  }

  for (const raw of lines) {
    if (raw.length > MAX_LINE_CHARS) continue;
    const line = plainLine(raw);
    const bar = parseBar(line);
    const { values, notFinite: broken, step } = parsePairs(bar?.rest ?? line);
    if (values.size === 0 && broken.length === 0) continue;
    lineCount++;
    const at =
      step !== null && (step.name !== 'epoch' || bar === null)
        ? stepOf(step.name, step.value)
        : bar !== null
          ? stepOf(`bar ${bar.total}`, bar.position)
          : lineCount;
    for (const name of broken) notFinite.add(name);
    const hasStep = step !== null || bar !== null;
    for (const [name, value] of values) {
      const known = names.get(name);
      if (known === undefined && names.size >= MAX_NAMES) continue;
      if (known === undefined && !hasStep && !isUnderWay) {
        names.set(name, [at, value]);
        continue;
      }
      if (known !== undefined && known !== 'metric')
        points.push({ name, step: known[0], value: known[1], atMs: nowMs });
      names.set(name, 'metric');
      isUnderWay = true;
      points.push({ name, step: at, value, atMs: nowMs });
    }
  }
  return {
    state: {
      offset: before.offset,
      lines: lineCount,
      counts: Object.fromEntries(counts),
      names: Object.fromEntries(names),
    },
    points,
    notFinite,
  };
}
