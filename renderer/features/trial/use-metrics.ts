/** The metric series of trials: fetched once, grown by the feed, thinned by the engine when they get long. */
import { useEffect, useState } from 'react';
import type { FeedFrames } from '../../../electron/contract/feed.ts';
import type { MetricSeries, Trial } from '../../../electron/contract/trials.ts';
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

export type MetricsOf = Pick<Trial, 'id' | 'attempt'>;
type LivePoint = FeedFrames['metrics']['points'][number];
const NOTHING: MetricsView = { series: [], loaded: false };

/** Metrics of one trial. */
export function useMetrics(trial: MetricsOf): MetricsView {
  return useMetricsOf([trial]).get(trial.id) ?? NOTHING;
}

/** Metrics of several trials, by trial; one that is missing has not answered yet. */
export function useMetricsOf(trials: readonly MetricsOf[]): ReadonlyMap<number, MetricsView> {
  const [views, setViews] = useState<ReadonlyMap<number, MetricsView>>(new Map());
  const connected = useEngine((state) => state.connection === 'live');
  const key = trials.map(({ id, attempt }) => `${id}/${attempt}`).join();
  useEffect(() => {
    const ids = key === '' ? [] : key.split(',').map((each) => Number(each.split('/')[0]));
    setViews((before) => new Map([...before].filter(([id]) => ids.includes(id))));
    const stops = ids.map((id) =>
      watchMetrics(id, (series) => setViews((before) => new Map(before).set(id, { series, loaded: true }))),
    );
    return () => stops.forEach((stop) => stop());
  }, [key, connected]);
  return views;
}

/** Calls `show` with the series of a trial now and whenever they grow. @returns the function that stops it. */
function watchMetrics(trialId: number, show: (series: readonly MetricSeries[]) => void): () => void {
  const abort = new AbortController();
  let series: readonly MetricSeries[] = [];
  let pending: LivePoint[] = [];
  let frame = 0;
  let loaded = false;
  let repeat: ReturnType<typeof setTimeout> | undefined;
  const load = (): void => {
    loaded = false;
    api
      .metrics(trialId, MAX_POINTS, abort.signal)
      .then((answer) => {
        loaded = true;
        // Points that arrived meanwhile may be in the answer already: merging drops the doubles.
        series = merge(answer.series, pending);
        pending = [];
        show(series);
      })
      .catch(() => undefined);
  };
  const flush = (): void => {
    frame = 0;
    if (!loaded) return;
    if (repeatsSteps(series, pending))
      repeat ??= setTimeout(() => {
        repeat = undefined;
        load();
      }, REPEAT_MS);
    series = merge(series, pending);
    pending = [];
    show(series);
    if (series.some((each) => each.points.length > REFETCH_POINTS)) load();
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
  for (const { name, step, value, atMs } of points) {
    const before = byName.get(name) ?? { name, points: [], timesMs: [], last: null, min: null, max: null };
    const lastStep = before.points.at(-1)?.[0] ?? -Infinity;
    if (step <= lastStep) continue;
    byName.set(name, {
      name,
      points: [...before.points, [step, value]],
      timesMs: [...(before.timesMs ?? []), atMs],
      last: value,
      min: before.min === null ? value : Math.min(before.min, value),
      max: before.max === null ? value : Math.max(before.max, value),
    });
  }
  return [...byName.values()];
}
