/** What a plot draws, as plain data: which trial's points, in which colour and dashes, over steps or time, how smooth. Pure. */
import type { AlignedData } from 'uplot';
import uPlot from 'uplot';
import type { MetricSeries, Trial } from '../../../electron/contract/trials.ts';
import { sayDuration } from '../../../electron/text/say.ts';
import { formatCount, formatMetric } from '../../ui/format.ts';
import { isScore } from './metric-kind.ts';

/** More curves over each other nobody can tell apart. */
export const MAX_CURVES = 8;

export interface Curve {
  readonly trialId: number;
  /** Which of the styles; a trial has the same one in every plot. */
  readonly style: number;
  readonly points: MetricSeries['points'];
  /** When each point was reported; empty where nobody knows. */
  readonly timesMs: readonly number[];
  /** When the trial reported anything at all for the first time: where its time begins. */
  readonly firstMs: number;
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface Metric {
  readonly name: string;
  readonly curves: readonly Curve[];
}

/** How curves are drawn. */
export interface Drawing {
  readonly log: boolean;
  readonly over: 'step' | 'time';
  /** 0: as reported; towards 1: smoother. */
  readonly smoothing: number;
}

const COLOURS = ['--accent', '--go', '--wait', '--stop'];
const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

/** @returns colour and dashes of a curve: alone, one wants to grow what is green; of several, each has its own of both. */
export function strokeOf(
  name: string,
  count: number,
  style: number,
): { readonly token: string; readonly dash: readonly number[] } {
  if (count === 1 && style === 0) return { token: isScore(name) ? '--go' : '--accent', dash: [] };
  return {
    token: COLOURS[style % COLOURS.length]!,
    dash: DASHES[(style + Math.floor(style / COLOURS.length)) % DASHES.length]!,
  };
}

/** @returns every metric with the curves of the trials that have it, in the order in which names come up. */
export function gatherMetrics(
  trials: readonly Pick<Trial, 'id'>[],
  seriesOf: (trialId: number) => readonly MetricSeries[],
): Metric[] {
  const byName = new Map<string, Curve[]>();
  trials.forEach(({ id }, style) => {
    const all = seriesOf(id);
    const firstMs = all.reduce((first, { timesMs }) => Math.min(first, timesMs?.[0] ?? Infinity), Infinity);
    for (const { name, points, timesMs = [], last, min, max } of all) {
      const curves = byName.get(name) ?? [];
      byName.set(name, curves);
      curves.push({ trialId: id, style, points, timesMs, firstMs, last, min, max });
    }
  });
  return [...byName].map(([name, curves]) => ({ name, curves }));
}

/**
 * @param weight of the curve so far against the next value, 0 to below 1
 * @returns the values smoothed; what is not there yet counts for nothing, so that the curve begins where the values do
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight === 0) return [...values];
  let sum = 0;
  let share = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}

/** A curve as it is drawn: x rises; seconds since the trial's first report where it lies over time. */
interface Track {
  readonly xs: number[];
  readonly raw: readonly number[];
  readonly drawn: readonly number[];
}

function trackOf({ points, timesMs, firstMs }: Curve, { over, smoothing }: Drawing): Track {
  const pairs: [x: number, value: number][] = points.map(([step, value], at) => [
    over === 'step' || timesMs[at] === undefined ? step : (timesMs[at] - firstMs) / 1000,
    value,
  ]);
  // A resumed attempt repeats steps: they were reported later than those after them.
  if (over === 'time') pairs.sort((a, b) => a[0] - b[0]);
  const raw = pairs.map(([, value]) => value);
  return { xs: pairs.map(([x]) => x), raw, drawn: smooth(raw, smoothing) };
}

/**
 * @returns the curves over one common axis; on a logarithmic scale there is nothing at and below 0.
 * Where they are smoothed each has two series: first the values as reported, then the smooth ones.
 */
export function dataOf(curves: readonly Curve[], drawing: Drawing): AlignedData {
  const shown = (values: readonly number[]): (number | null)[] =>
    values.map((value) => (drawing.log && value <= 0 ? null : value));
  const tables = curves.map((curve): AlignedData => {
    const { xs, raw, drawn } = trackOf(curve, drawing);
    return drawing.smoothing === 0 ? [xs, shown(raw)] : [xs, shown(raw), shown(drawn)];
  });
  return tables.length === 0 ? [[]] : tables.length === 1 ? tables[0]! : uPlot.join(tables);
}

export interface ValueAt {
  readonly trialId: number;
  readonly style: number;
  /** null: the curve does not reach there. */
  readonly value: number | null;
  readonly smoothed: number | null;
}

/** @returns what each curve says at a place of the axis: the value of its point that is nearest. */
export function valuesAt(curves: readonly Curve[], x: number, drawing: Drawing): ValueAt[] {
  return curves.map((curve) => {
    const { trialId, style } = curve;
    const { xs, raw, drawn } = trackOf(curve, drawing);
    const first = xs[0];
    if (first === undefined || x < first || x > xs.at(-1)!) return { trialId, style, value: null, smoothed: null };
    const at = nearest(xs, x);
    return { trialId, style, value: raw[at] ?? null, smoothed: drawing.smoothing === 0 ? null : (drawn[at] ?? null) };
  });
}

/** @returns the index of the number nearest to `x` in a list that rises. */
function nearest(xs: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  return x - xs[low]! <= xs[high]! - x ? low : high;
}

/** "step 12,000", or "after 1 h 20 min". */
export const sayPlace = (x: number, over: Drawing['over']): string =>
  over === 'step' ? `step ${formatCount(x)}` : `after ${sayDuration(x * 1000)}`;

/** "0.412", or "0.412, smoothed 0.43". */
export const sayValue = ({ value, smoothed }: Pick<ValueAt, 'value' | 'smoothed'>): string =>
  smoothed === null ? formatMetric(value) : `${formatMetric(value)}, smoothed ${formatMetric(smoothed)}`;

/** "train/loss: last 0.412 at step 56,000, lowest 0.398, highest 2.31, 412 points". */
export function describeCurves(name: string, curves: readonly Curve[]): string {
  const [first, ...others] = curves;
  if (first === undefined) return name;
  if (others.length > 0)
    return `${name}: ${curves.map((curve) => `trial ${curve.trialId} last ${formatMetric(curve.last)}`).join(', ')}`;
  const step = first.points.at(-1)?.[0];
  return (
    `${name}: last ` +
    `${formatMetric(first.last)}${step === undefined ? '' : ` at step ${formatCount(step)}`}, lowest ` +
    `${formatMetric(first.min)}, highest ${formatMetric(first.max)}, ${formatCount(first.points.length)} ` +
    'points'
  );
}
