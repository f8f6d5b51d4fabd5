/** Metric series for plots, thinned so that their shape stays. Pure but for the rows read. */
import type { Database } from 'better-sqlite3';
import type { MetricSeries } from '../../contract/trials.ts';
import { listMetricNames, readTimedMetric } from '../../store/reports.ts';
import { nextTurn } from '../../ports/turns.ts';

/** So many points are read at once, a few milliseconds' worth; in between, others get their turn. */
const PIECE_POINTS = 10_000;

/** @param names null = all. `withTimes`: also when each point was reported. Points that come in meanwhile may or may not be among them. */
export async function readSeries(
  db: Database,
  trialId: number,
  names: readonly string[] | null,
  maxPoints: number,
  withTimes = false,
): Promise<MetricSeries[]> {
  const series: MetricSeries[] = [];
  let budget = PIECE_POINTS;
  for (const name of names ?? listMetricNames(db, trialId)) {
    const points: [number, number, number][] = [];
    let min: number | null = null;
    let max: number | null = null;
    for (;;) {
      const piece = readTimedMetric(db, trialId, name, points.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY, PIECE_POINTS);
      for (const point of piece) {
        points.push(point);
        if (min === null || point[1] < min) min = point[1];
        if (max === null || point[1] > max) max = point[1];
      }
      // A look-up counts too: there may be thousands of short ones.
      budget -= piece.length + 100;
      if (budget <= 0) {
        await nextTurn();
        budget = PIECE_POINTS;
      }
      if (piece.length < PIECE_POINTS) break;
    }
    const kept = thin(points, maxPoints);
    series.push({
      name,
      points: kept.map(([step, value]) => [step, value]),
      ...(withTimes ? { timesMs: kept.map(([, , atMs]) => atMs) } : {}),
      last: points.at(-1)?.[1] ?? null,
      min,
      max,
    });
  }
  return series;
}

/**
 * Keeps at most `maxPoints` points: of each stretch its lowest and its highest, in order, and always the first and the last point.
 * Spikes stay visible, which an average would hide.
 */
export function thin<T extends readonly [step: number, value: number, ...rest: number[]]>(
  points: readonly T[],
  maxPoints: number,
): T[] {
  if (points.length <= maxPoints) return [...points];
  const stretches = Math.max(1, Math.floor((maxPoints - 2) / 2));
  const kept: T[] = [points[0] as T];
  for (let i = 0; i < stretches; i++) {
    const from = 1 + Math.floor((i * (points.length - 2)) / stretches);
    const to = 1 + Math.floor(((i + 1) * (points.length - 2)) / stretches);
    let low = from;
    let high = from;
    for (let j = from; j < to; j++) {
      if ((points[j] as T)[1] < (points[low] as T)[1]) low = j;
      if ((points[j] as T)[1] > (points[high] as T)[1]) high = j;
    }
    if (from >= to) continue;
    kept.push(points[Math.min(low, high)] as T);
    if (low !== high) kept.push(points[Math.max(low, high)] as T);
  }
  kept.push(points.at(-1) as T);
  return kept;
}
