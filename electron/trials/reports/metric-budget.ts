/**
 * How many points of its metrics are kept for a trial. What a trial reports is bounded by its fantasy alone; what is kept must not fill
 * the disk, and writing it must not hold up anybody. Highs and lows stay (metrics.ts, thin), so that a plot looks the same.
 */
import { setImmediate } from 'node:timers/promises';
import type { Store } from '../../store/database.ts';
import { countMetric, deleteMetricPoints, listMetricNames, readMetric, type MetricPoint } from '../../store/reports.ts';
import { thin } from './metrics.ts';

/** Of one trial in one transaction; what comes within a second beyond that is thinned before it is written. */
export const MAX_POINTS_PER_BATCH = 2_000;
/** A metric that reaches twice its share is thinned to it; the shares of a trial's metrics together, and the share of one at most. */
const TRIAL_POINTS = 250_000;
const MOST_SHARE = 10_000;
const LEAST_SHARE = 50;
/** So many points are looked at in one transaction of the thinning. */
const WINDOW_POINTS = 2_000;

/** @returns at most about `limit` points, evenly from all names, highs and lows among them; the same array when they are few */
export function thinBatch(
  points: readonly MetricPoint[],
  limit: number = MAX_POINTS_PER_BATCH,
): readonly MetricPoint[] {
  if (points.length <= limit) return points;
  const byName = new Map<string, MetricPoint[]>();
  for (const point of points) {
    const same = byName.get(point.name);
    if (same === undefined) byName.set(point.name, [point]);
    else same.push(point);
  }
  const share = Math.max(1, Math.floor(limit / byName.size));
  return [...byName.values()].flatMap((same) => {
    if (same.length <= share) return same;
    // Fewer than four points have no shape.
    if (share < 4) return same.slice(-share);
    const places = thin(
      same.map((point, at) => [at, point.value]),
      share,
    );
    return places.map(([at]) => same[at] as MetricPoint);
  });
}

export interface MetricBudget {
  /** Notes what was written. @returns names that have grown beyond twice their share */
  written(trialId: number, points: readonly MetricPoint[]): readonly string[];
  /** Thins one metric to its share, in small transactions. */
  thinOut(trialId: number, name: string): Promise<void>;
  forget(trialId: number): void;
}

export function createMetricBudget(store: Store): MetricBudget {
  /** Upper bounds: a point that replaces another of the same step counts as well, until it is counted anew. */
  const known = new Map<number, Map<string, number>>();

  function shareOf(trialId: number): number {
    const names = known.get(trialId)?.size ?? 1;
    return Math.max(LEAST_SHARE, Math.min(MOST_SHARE, Math.floor(TRIAL_POINTS / Math.max(1, names))));
  }

  function countsOf(trialId: number): Map<string, number> {
    let counts = known.get(trialId);
    if (counts === undefined) {
      counts = new Map();
      known.set(trialId, counts);
      for (const name of listMetricNames(store.db, trialId)) counts.set(name, -1);
    }
    return counts;
  }

  return {
    written(trialId, points) {
      const counts = countsOf(trialId);
      const touched = new Set<string>();
      for (const { name } of points) {
        touched.add(name);
        const count = counts.get(name) ?? 0;
        if (count >= 0) counts.set(name, count + 1);
      }
      const share = shareOf(trialId);
      const most = 2 * share;
      return [...touched].filter((name) => {
        const bound = counts.get(name) ?? 0;
        if (bound >= 0 && bound <= most) return false;
        const exact = countMetric(store.db, trialId, name, most + 1);
        counts.set(name, exact);
        return exact > most;
      });
    },

    async thinOut(trialId, name) {
      const count = countMetric(store.db, trialId, name, Number.MAX_SAFE_INTEGER);
      const ratio = shareOf(trialId) / count;
      if (ratio >= 1) return;
      let kept = 0;
      let after = Number.NEGATIVE_INFINITY;
      for (;;) {
        const window = readMetric(store.db, trialId, name, after, WINDOW_POINTS);
        const last = window.at(-1);
        if (last === undefined) break;
        after = last[0];
        const stay = new Set(thin(window, Math.max(4, Math.round(window.length * ratio))).map(([step]) => step));
        kept += stay.size;
        store.transact('thin metrics', (tx) => {
          deleteMetricPoints(
            tx.db,
            trialId,
            name,
            window.map(([step]) => step).filter((step) => !stay.has(step)),
          );
        });
        await setImmediate();
      }
      known.get(trialId)?.set(name, kept);
    },

    forget(trialId) {
      known.delete(trialId);
    },
  };
}
