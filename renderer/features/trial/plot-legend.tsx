/** Which curve is which trial's, by colour and dashes. */
import type { Trial } from '../../../electron/contract/trials.ts';
import { ShortName } from '../../ui/pieces.tsx';
import { strokeOf } from './curves.ts';

/** A short piece of a curve as it is drawn. */
export function CurveMark({
  name,
  count,
  style,
}: {
  readonly name: string;
  readonly count: number;
  readonly style: number;
}) {
  const { token, dash } = strokeOf(name, count, style);
  return (
    <svg width="26" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="26"
        y2="4"
        strokeWidth="2"
        strokeDasharray={dash.join(' ')}
        style={{ stroke: `var(${token})` }}
      />
    </svg>
  );
}

/** @param trials in the order of their styles; `left`: how many more were wanted */
export function PlotLegend({
  trials,
  left = 0,
}: {
  readonly trials: readonly Pick<Trial, 'id' | 'name'>[];
  readonly left?: number;
}) {
  return (
    <ul className="plot-legend" aria-label="Curves">
      {trials.map(({ id, name }, style) => (
        <li key={id} title={`#${id} ${name}`}>
          <CurveMark name="" count={trials.length} style={style} />
          <span className="dim3">#{id}</span> <ShortName text={name} />
        </li>
      ))}
      {left > 0 && <li className="dim3">{`and ${left} more, not drawn`}</li>}
    </ul>
  );
}
