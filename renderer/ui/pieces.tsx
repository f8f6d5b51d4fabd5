/** Small shared marks: the state tag, the meter, the sparkline. */
import type { ReactNode } from 'react';

/** go: runs; wait: amber; stop: broken; hold: at rest; away: on another machine; plain: neutral. */
export type Tone = 'go' | 'wait' | 'stop' | 'hold' | 'away' | 'plain';

export function Tag({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return <span className={`tag tag-${tone}`}>{children}</span>;
}

const segmenter = new Intl.Segmenter();
const TAIL_CHARS = 9;
const WHOLE_CHARS = 2 * TAIL_CHARS;

/** A trial's labels, behind its name; nothing where it has none. */
export function Labels({ labels }: { readonly labels: readonly string[] }) {
  if (labels.length === 0) return null;
  return (
    <span className="labels">
      {labels.map((label) => (
        <i key={label} className="label">
          {label}
        </i>
      ))}
    </span>
  );
}

/** A name that loses its middle where there is no room: what tells "…-seed1" from "…-seed2" is at the end. */
export function ShortName({ text }: { readonly text: string }) {
  if (text.length <= WHOLE_CHARS)
    return (
      <span className="short-name">
        <span className="cut">{text}</span>
      </span>
    );
  const at = segmenter.segment(text).containing(text.length - TAIL_CHARS)?.index ?? 0;
  return (
    <span className="short-name">
      <span className="cut">{text.slice(0, at)}</span>
      <span>{text.slice(at)}</span>
    </span>
  );
}

export function Meter({
  value,
  label,
  tone = 'go',
}: {
  readonly value: number;
  readonly label: string;
  readonly tone?: Tone;
}) {
  const pct = Math.round(Math.min(1, Math.max(0, value)) * 1000) / 10;
  return (
    <div
      className="meter"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(pct)}
    >
      <i className={`fill-${tone}`} style={{ width: `${pct}%` }} />
    </div>
  );
}

const WIDTH = 120;
const HEIGHT = 26;
const SPAN_MS = 5 * 60_000;

export interface SparkPoint {
  readonly atMs: number;
  /** null = not known then. */
  readonly pct: number | null;
}

/** The last five minutes of something in percent; gaps stay gaps. */
export function Sparkline({
  points,
  nowMs,
  tone,
}: {
  readonly points: readonly SparkPoint[];
  readonly nowMs: number;
  readonly tone: Tone;
}) {
  const runs: string[][] = [];
  let run: string[] | undefined;
  for (const point of points) {
    const x = WIDTH * (1 - (nowMs - point.atMs) / SPAN_MS);
    if (point.pct === null || x < 0) {
      run = undefined;
      continue;
    }
    if (run === undefined) runs.push((run = []));
    run.push(`${x.toFixed(1)} ${(HEIGHT - 1 - (point.pct / 100) * (HEIGHT - 3)).toFixed(1)}`);
  }
  return (
    <svg
      className={`spark spark-${tone}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {runs.map((each) => {
        const line = `M${each.join('L')}`;
        const first = each[0]!.split(' ')[0];
        const last = each.at(-1)!.split(' ')[0];
        return (
          <g key={first}>
            <path className="area" d={`${line}L${last} ${HEIGHT}L${first} ${HEIGHT}Z`} />
            <path className="line" d={line} vectorEffect="non-scaling-stroke" />
          </g>
        );
      })}
    </svg>
  );
}

/** The mark of the product: two tracks and the switch between them. */
export function Logo({ size = 18 }: { readonly size?: number }) {
  return (
    <svg
      className="logo"
      width={size}
      height={size}
      viewBox="0 0 18 18"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M2 5h14M2 13h14M4.5 13c4.5 0 4.5-8 9-8" />
    </svg>
  );
}
