/** One metric as a small uPlot chart with its figures in words. */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { MetricSeries } from '../../../electron/contract/trials.ts';
import { isScore } from './metric-kind.ts';
import { formatCount, formatMetric } from '../../ui/format.ts';

const AXIS_SIZE = 42;

export interface PlotProps {
  readonly series: MetricSeries;
  readonly heightPx: number;
  readonly axes: boolean;
}

/** Metrics one wants to grow are green, all others are blue. */
const colourOf = (name: string): string => (isScore(name) ? '--go' : '--accent');

// The colours of a canvas are read once. They are those of the page's attribute, which changes a little later than the setting.
const SCHEME = 'data-mantine-color-scheme';
const readScheme = (): string | null => document.documentElement.getAttribute(SCHEME);
function watchScheme(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: [SCHEME] });
  return () => observer.disconnect();
}

export function Plot({ series, heightPx, axes }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const colorScheme = useSyncExternalStore(watchScheme, readScheme);
  const { name } = series;

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const css = getComputedStyle(element);
    const colour = (token: string): string => css.getPropertyValue(token).trim();
    const axis: uPlot.Axis = { stroke: colour('--ink3'), grid: { stroke: colour('--line2'), width: 1 }, ticks: { show: false }, font: '10px system-ui', gap: 4 };
    const chart = new uPlot({
      width: Math.max(60, element.clientWidth),
      height: heightPx,
      legend: { show: false },
      cursor: { y: false, points: { size: 5 } },
      padding: axes ? [6, 16, 0, 0] : [4, 2, 4, 2],
      scales: { x: { time: false } },
      axes: axes ? [{ ...axis, size: 22 }, { ...axis, size: AXIS_SIZE, values: (_chart, values) => values.map((value) => formatMetric(value)) }] : [{ show: false }, { show: false }],
      series: [{}, { stroke: colour(colourOf(name)), width: 1.5, points: { show: false } }],
    }, [[], []], element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: Math.max(60, element.clientWidth), height: heightPx }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [name, heightPx, axes, colorScheme]);

  useEffect(() => {
    plot.current?.setData([series.points.map((point) => point[0]), series.points.map((point) => point[1])]);
  }, [series.points, colorScheme, heightPx, axes]);

  return (
    <figure className="plot">
      <figcaption><b className="cut" title={name}>{name}</b><span className="dim">{formatMetric(series.last)}</span></figcaption>
      <div ref={holder} className="plot-canvas" style={{ height: heightPx }} role="img" aria-label={describe(series)} />
    </figure>
  );
}

/** "train/loss: last 0.412 at step 56,000, lowest 0.398, highest 2.31, 412 points". */
function describe({ name, points, last, min, max }: MetricSeries): string {
  const step = points.at(-1)?.[0];
  return `${name}: last ${formatMetric(last)}${step === undefined ? '' : ` at step ${formatCount(step)}`}, lowest ${formatMetric(min)}, highest ${formatMetric(max)}, ${formatCount(points.length)} points`;
}
