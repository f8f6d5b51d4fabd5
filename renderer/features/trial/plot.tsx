/** One metric as a uPlot chart with its figures in words: of one trial, or of several over each other. */
import { IconMaximize } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { IconButton } from '../../ui/button.tsx';
import { useDrawnScheme } from '../../ui/drawn-scheme.ts';
import { formatMetric } from '../../ui/format.ts';
import { sayDuration } from '../../../electron/text/say.ts';
import { CurveMark } from './plot-legend.tsx';
import { dataOf, describeCurves, sayPlace, sayValue, strokeOf, valuesAt } from './curves.ts';
import type { Curve, Drawing, ValueAt } from './curves.ts';

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
  readonly over?: Drawing['over'];
  readonly smoothing?: number;
  /** Shows it larger; absent where it is. There a drag across it zooms in. */
  readonly onEnlarge?: () => void;
}

/** What is under the pointer in a plot of several curves. */
interface Hover {
  /** Where the pointer is, as a share of the width. */
  readonly at: number;
  readonly values: readonly ValueAt[];
}

export function Plot({ name, curves, heightPx, axes, logScale, over = 'step', smoothing = 0, onEnlarge }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useDrawnScheme();
  const [hover, setHover] = useState<Hover | null>(null);
  const log = logScale && curves.some((curve) => curve.points.some(([, value]) => value > 0));
  const only = curves.length === 1 ? curves[0] : undefined;
  const last = only === undefined ? '' : formatMetric(only.last);
  const zoom = onEnlarge === undefined;
  // What the chart is made of; a new one only when this changes.
  const shape = `${scheme} ${name} ${curves.map((curve) => curve.style).join()} ${heightPx} ${axes} ${log} ${zoom} ${over} ${smoothing > 0}`;
  const drawing = useMemo((): Drawing => ({ log, over, smoothing }), [log, over, smoothing]);
  const latest = useRef({ curves, last, onEnlarge, drawing });
  useEffect(() => {
    latest.current = { curves, last, onEnlarge, drawing };
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
              {
                ...axis,
                size: 22,
                ...(over === 'time'
                  ? { values: (_chart, seconds) => seconds.map((each) => sayDuration(each * 1000)), space: 70 }
                  : {}),
              },
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
          ...latest.current.curves.flatMap((curve): uPlot.Series[] => {
            const { token, dash } = strokeOf(name, latest.current.curves.length, curve.style);
            const line: uPlot.Series = { stroke: colour(token), dash: [...dash], width: 1.5, points: { show: false } };
            // What was reported stays in sight behind the smooth curve.
            return smoothing > 0 ? [{ ...line, dash: [], width: 1, alpha: 0.28 }, line] : [line];
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
              const { curves: shown, drawing: how, last: atRest } = latest.current;
              const x = self.cursor.idx == null ? undefined : self.data[0][self.cursor.idx];
              const values = x === undefined ? [] : valuesAt(shown, x, how);
              if (readout.current !== null)
                readout.current.textContent = x === undefined ? atRest : describePoint(values, sayPlace(x, how.over));
              setHover(values.length < 2 ? null : { at: (self.cursor.left ?? 0) / self.over.clientWidth, values });
            },
          ],
        },
      },
      dataOf(latest.current.curves, latest.current.drawing),
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
  }, [shape, name, heightPx, axes, log, zoom, over, smoothing]);

  useEffect(() => {
    plot.current?.setData(dataOf(curves, drawing), !zoomed.current);
    if (zoomed.current) plot.current?.redraw();
  }, [curves, drawing]);
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
      {hover !== null && <Values name={name} hover={hover} />}
    </figure>
  );
}

/** The values of all curves under the pointer, on the side where the pointer is not. */
function Values({ name, hover: { at, values } }: { readonly name: string; readonly hover: Hover }) {
  return (
    <ul className={`plot-values ${at > 0.5 ? 'left' : 'right'}`} aria-hidden="true">
      {values.map((each) => (
        <li key={each.trialId}>
          <CurveMark name={name} count={values.length} style={each.style} />
          <span className="dim3">#{each.trialId}</span>
          <b>{sayValue(each)}</b>
        </li>
      ))}
    </ul>
  );
}

/** "0.412 at step 12,000"; with several curves the place alone, their values stand beside the pointer. */
function describePoint(values: readonly ValueAt[], place: string): string {
  const [only] = values;
  if (values.length !== 1 || only === undefined || only.value === null) return place;
  return place.startsWith('step') ? `${sayValue(only)} at ${place}` : `${sayValue(only)} ${place}`;
}
