/** The metric series of a trial: fetched once, grown by the feed, thinned by the engine when they get long. */
import { useEffect, useState } from 'react';
import type { MetricSeries } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { onFeedFrame } from '../../api/feed.ts';
import { useEngine } from '../../api/store.ts';

const MAX_POINTS = 1_000;
const REFETCH_POINTS = 3_000;
/** A resumed attempt repeats steps: the engine knows which points count, so it is asked again, but not with every point. */
const REPEAT_MS = 5_000;

export interface MetricsView {
  readonly series: readonly MetricSeries[];
  readonly loaded: boolean;
}

type LivePoint = { name: string; step: number; value: number };

export function useMetrics(trialId: number, attempt: number): MetricsView {
  const [view, setView] = useState<MetricsView>({ series: [], loaded: false });
  const connected = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    const abort = new AbortController();
    let pending: LivePoint[] = [];
    let frame = 0;
    let loaded = false;
    let repeat: ReturnType<typeof setTimeout> | undefined;
    const load = (): void => {
      loaded = false;
      api.metrics(trialId, MAX_POINTS, abort.signal).then(({ series }) => {
        loaded = true;
        // Points that arrived meanwhile may be in the answer already: merging drops the doubles.
        const late = pending;
        pending = [];
        setView({ series: merge(series, late), loaded: true });
      }).catch(() => undefined);
    };
    const flush = (): void => {
      frame = 0;
      if (!loaded) return;
      const points = pending;
      pending = [];
      setView((before) => {
        const series = merge(before.series, points);
        if (repeatsSteps(before.series, points)) repeat ??= setTimeout(() => { repeat = undefined; load(); }, REPEAT_MS);
        if (series.some((each) => each.points.length > REFETCH_POINTS)) load();
        return { series, loaded: true };
      });
    };
    const stop = onFeedFrame('metrics', (data) => {
      if (data.trialId !== trialId) return;
      pending.push(...data.points);
      frame ||= requestAnimationFrame(flush);
    });
    load();
    return () => {
      abort.abort();
      stop();
      cancelAnimationFrame(frame);
      clearTimeout(repeat);
    };
  }, [trialId, attempt, connected]);
  return view;
}

function repeatsSteps(series: readonly MetricSeries[], points: readonly LivePoint[]): boolean {
  return points.some((point) => {
    const last = series.find((each) => each.name === point.name)?.points.at(-1)?.[0];
    return last !== undefined && point.step <= last;
  });
}

/** Adds points to their series; steps rise, a step that is not new is dropped. */
function merge(series: readonly MetricSeries[], points: readonly LivePoint[]): readonly MetricSeries[] {
  if (points.length === 0) return series;
  const byName = new Map(series.map((each) => [each.name, each]));
  for (const { name, step, value } of points) {
    const before = byName.get(name) ?? { name, points: [], last: null, min: null, max: null };
    const lastStep = before.points.at(-1)?.[0] ?? -Infinity;
    if (step <= lastStep) continue;
    byName.set(name, {
      name,
      points: [...before.points, [step, value]],
      last: value,
      min: before.min === null ? value : Math.min(before.min, value),
      max: before.max === null ? value : Math.max(before.max, value),
    });
  }
  return [...byName.values()];
}
