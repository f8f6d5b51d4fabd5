/** One metric as a uPlot chart with its figures in words: of one trial, or of several over each other. */
import { IconMaximize } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { IconButton } from '../../ui/button.tsx';
import { useDrawnScheme } from '../../ui/drawn-scheme.ts';
import { formatCount, formatMetric } from '../../ui/format.ts';
import { dataOf, describeCurves, strokeOf } from './curves.ts';
import type { Curve } from './curves.ts';

const AXIS_SIZE = 46;
const AXIS_PAD: uPlot.Padding = [6, 16, 0, 0];
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the library's enum exists in its types only
const LOGARITHMIC: uPlot.Scale = { distr: 3 };
const BARE_PAD: uPlot.Padding = [4, 2, 4, 2];

export interface PlotProps {
  readonly name: string;
  readonly curves: readonly Curve[];
  readonly heightPx: number;
  readonly axes: boolean;
  readonly logScale: boolean;
  /** Shows it larger; absent where it is. There a drag across it zooms in. */
  readonly onEnlarge?: () => void;
}

export function Plot({ name, curves, heightPx, axes, logScale, onEnlarge }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useDrawnScheme();
  const log = logScale && curves.some((curve) => curve.points.some(([, value]) => value > 0));
  const only = curves.length === 1 ? curves[0] : undefined;
  const last = only === undefined ? '' : formatMetric(only.last);
  const zoom = onEnlarge === undefined;
  // What the chart is made of; a new one only when this changes.
  const shape = `${scheme} ${name} ${curves.map((curve) => curve.style).join()} ${heightPx} ${axes} ${log} ${zoom}`;
  const latest = useRef({ curves, last, onEnlarge });
  useEffect(() => {
    latest.current = { curves, last, onEnlarge };
  });
  const zoomed = useRef(false);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const css = getComputedStyle(element);
    const colour = (token: string): string => css.getPropertyValue(token).trim();
    const axis: uPlot.Axis = {
      stroke: colour('--ink3'),
      grid: { stroke: colour('--line2'), width: 1 },
      ticks: { show: false },
      font: '10px system-ui',
      gap: 4,
    };
    const width = (): number => Math.max(60, element.clientWidth);
    const chart = new uPlot(
      {
        width: width(),
        height: heightPx,
        legend: { show: false },
        cursor: { y: false, points: { size: 5 }, drag: { x: zoom, y: false } },
        padding: axes ? AXIS_PAD : BARE_PAD,
        scales: { x: { time: false }, y: log ? LOGARITHMIC : {} },
        // Between two powers of ten the axis has lines without a number.
        axes: axes
          ? [
              { ...axis, size: 22 },
              {
                ...axis,
                size: AXIS_SIZE,
                values: (_chart, values) =>
                  values.map((value: number | null) => (value === null ? '' : formatMetric(value))),
              },
            ]
          : [{ show: false }, { show: false }],
        series: [
          {},
          ...latest.current.curves.map((curve): uPlot.Series => {
            const { token, dash } = strokeOf(name, latest.current.curves.length, curve.style);
            return { stroke: colour(token), dash: [...dash], width: 1.5, points: { show: false } };
          }),
        ],
        hooks: {
          setSelect: [
            (self) => {
              zoomed.current = self.select.width > 0;
            },
          ],
          setCursor: [
            (self) => {
              if (readout.current !== null) readout.current.textContent = describePoint(self) ?? latest.current.last;
            },
          ],
        },
      },
      dataOf(latest.current.curves, log),
      element,
    );
    // The mouse may click anywhere; the keyboard has the button.
    chart.over.addEventListener('click', () => latest.current.onEnlarge?.());
    chart.over.addEventListener('dblclick', () => {
      zoomed.current = false;
    });
    zoomed.current = false;
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: width(), height: heightPx }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, name, heightPx, axes, log, zoom]);

  useEffect(() => {
    plot.current?.setData(dataOf(curves, log), !zoomed.current);
    if (zoomed.current) plot.current?.redraw();
  }, [curves, log]);
  useEffect(() => {
    if (readout.current !== null && plot.current?.cursor.idx == null) readout.current.textContent = last;
  }, [last]);

  return (
    <figure className={onEnlarge === undefined ? 'plot' : 'plot plot-small'}>
      <figcaption>
        <b className="cut" title={name}>
          {name}
        </b>
        <span ref={readout} className="dim plot-readout" />
        {onEnlarge !== undefined && axes && (
          <IconButton label={`Enlarge ${name}`} onClick={onEnlarge}>
            <IconMaximize size={12} aria-hidden="true" />
          </IconButton>
        )}
      </figcaption>
      <div
        ref={holder}
        className="plot-canvas"
        style={{ height: heightPx }}
        role="img"
        aria-label={describeCurves(name, curves)}
      />
    </figure>
  );
}

/** "0.412 at step 12,000": what is under the pointer; null when it is elsewhere. With several curves the step alone. */
function describePoint({ cursor: { idx }, data }: uPlot): string | null {
  const step = idx == null ? undefined : data[0][idx];
  if (idx == null || step === undefined) return null;
  const value = data.length === 2 ? data[1]?.[idx] : null;
  return value == null ? `step ${formatCount(step)}` : `${formatMetric(value)} at step ${formatCount(step)}`;
}
