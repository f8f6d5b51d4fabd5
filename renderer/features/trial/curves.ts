/** What a plot draws, as plain data: which trial's points, in which colour and dashes, on which scale. Pure. */
import type { AlignedData } from 'uplot';
import uPlot from 'uplot';
import type { MetricSeries, Trial } from '../../../electron/contract/trials.ts';
import { formatCount, formatMetric } from '../../ui/format.ts';
import { isScore } from './metric-kind.ts';

/** More curves over each other nobody can tell apart. */
export const MAX_CURVES = 8;

export interface Curve {
  readonly trialId: number;
  /** Which of the styles; a trial has the same one in every plot. */
  readonly style: number;
  readonly points: MetricSeries['points'];
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface Metric {
  readonly name: string;
  readonly curves: readonly Curve[];
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
    for (const { name, points, last, min, max } of seriesOf(id)) {
      const curves = byName.get(name) ?? [];
      byName.set(name, curves);
      curves.push({ trialId: id, style, points, last, min, max });
    }
  });
  return [...byName].map(([name, curves]) => ({ name, curves }));
}

/** @returns the curves over one common axis of steps; on a logarithmic scale there is nothing at and below 0. */
export function dataOf(curves: readonly Curve[], log: boolean): AlignedData {
  const tables = curves.map(({ points }): AlignedData => [
    points.map(([step]) => step),
    points.map(([, value]) => (log && value <= 0 ? null : value)),
  ]);
  return tables.length === 0 ? [[]] : tables.length === 1 ? tables[0]! : uPlot.join(tables);
}

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
