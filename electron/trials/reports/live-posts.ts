/**
 * DVCLive's live protocol, as DVC Studio's clients speak it: what such a client posts, read into reports. Pure.
 *
 *   {"type":"start"|"data"|"done", "step":12,
 *    "metrics":{"dvclive/metrics.json":{"data":{"train":{"loss":0.3},"step":12}}},
 *    "plots":{"dvclive/plots/metrics/train/loss.tsv":{"data":[{"step":12,"loss":"0.3","timestamp":"1700000000000"}]}}}
 *
 * Both say the same of most metrics; a step that comes twice is one point. Numbers may be strings ("nan", "inf", "0.3"). Images and other
 * plots are left out. Whoever sends it goes on only after a 200, and gives up for good when `start` is refused: what is not understood is
 * no reason to refuse.
 */
import { MAX_METRIC_NAME_CHARS, type MetricsReport } from './report-lines.ts';

/** Most points of one post that are looked at. */
const MAX_POINTS = 100_000;
const MAX_DEPTH = 20;
const PLOT = /(?:^|\/)plots\/metrics\/(.+)\.tsv$/;
const METRICS_FILE = /(?:^|\/)metrics\.json$/;
const LATEST_MS = 8.64e15;

type Fields = Readonly<Record<string, unknown>>;

/** @returns what it reports, by step; nothing where it is none of these posts, or has nothing new */
export function readLivePost(body: unknown): MetricsReport[] {
  if (!isFields(body) || body['type'] !== 'data') return [];
  const steps = new Map<number, { values: Record<string, number>; nonFinite: Set<string>; atMs: number | null }>();
  let count = 0;
  const add = (step: number | null, name: string, raw: unknown, atMs: number | null): void => {
    const value = toNumber(raw);
    if (step === null || value === null || !isName(name) || count >= MAX_POINTS) return;
    count += 1;
    const at = steps.get(step) ?? { values: {}, nonFinite: new Set<string>(), atMs };
    steps.set(step, at);
    if (Number.isFinite(value)) at.values[name] = value;
    else at.nonFinite.add(name);
  };

  const step = finite(toNumber(body['step']));
  for (const [path, file] of entries(body['metrics']))
    if (METRICS_FILE.test(path) && isFields(file))
      flatten(file['data'], '', 0, (name, value) => add(step, name, value, null));
  for (const [path, plot] of entries(body['plots'])) {
    const name = PLOT.exec(path)?.[1];
    const points = isFields(plot) ? plot['data'] : null;
    if (name === undefined || !Array.isArray(points)) continue;
    const key = name.split('/').at(-1) ?? name;
    for (const point of points as readonly unknown[])
      if (isFields(point)) add(finite(toNumber(point['step'])), name, point[key], timeOf(point['timestamp']));
  }
  return [...steps]
    .toSorted(([a], [b]) => a - b)
    .map(([at, { values, nonFinite, atMs }]) => ({ t: 'metrics', step: at, values, nonFinite: [...nonFinite], atMs }));
}

/** Groups of metrics.json are parts of a name; its `step` is none. */
function flatten(group: unknown, prefix: string, depth: number, add: (name: string, value: unknown) => void): void {
  if (depth > MAX_DEPTH) return;
  for (const [key, value] of entries(group)) {
    if (prefix === '' && key === 'step') continue;
    if (isFields(value)) flatten(value, `${prefix}${key}/`, depth + 1, add);
    else add(prefix + key, value);
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const entries = (value: unknown): [string, unknown][] => (isFields(value) ? Object.entries(value) : []);

/** "__proto__" would change the object instead of a value. */
const isName = (name: string): boolean =>
  name.trim() !== '' && name.length <= MAX_METRIC_NAME_CHARS && name !== '__proto__';

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** @returns a number (NaN and infinities included), or null for everything else */
function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  if (NUMBER.test(value)) return Number(value);
  const word = value.toLowerCase();
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? null) : null;
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

function timeOf(value: unknown): number | null {
  const ms = finite(toNumber(value));
  return ms !== null && ms >= 0 && ms <= LATEST_MS ? Math.round(ms) : null;
}
