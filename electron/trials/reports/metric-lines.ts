/** Metrics that programs write as lines: DVCLive's TSV files, and JSON lines. Pure. */
import type { ScalarPoint } from './tensorboard-events.ts';

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  if (NUMBER.test(value)) return Number(value);
  return WORDS[value.toLowerCase()] ?? null;
}

/**
 * @param header the first line of the file: `timestamp step loss`, tabs between
 * @param name of the metric: the path of the file
 */
export function readTsvPoints(header: string, lines: readonly string[], name: string): ScalarPoint[] {
  const columns = header.split('\t');
  const stepAt = columns.indexOf('step');
  const timeAt = columns.indexOf('timestamp');
  const valueAt = columns.findIndex((_, at) => at !== stepAt && at !== timeAt);
  if (stepAt < 0 || valueAt < 0) return [];
  return lines.flatMap((line) => {
    const cells = line.split('\t');
    const step = toNumber(cells[stepAt]);
    const value = toNumber(cells[valueAt]);
    if (step === null || !Number.isFinite(step) || value === null) return [];
    const atMs = timeAt < 0 ? null : toNumber(cells[timeAt]);
    return [{ name, step, value, atMs: atMs !== null && Number.isFinite(atMs) ? Math.round(atMs) : null }];
  });
}

/** `{"step":3,"loss":0.4,"val":{"acc":0.9}}`: groups are parts of a name. Lines without a step are left out. */
export function readJsonPoints(lines: readonly string[]): ScalarPoint[] {
  return lines.flatMap((line) => {
    const fields = parse(line);
    const step = toNumber(fields?.['step'] ?? fields?.['global_step']);
    if (fields === null || step === null || !Number.isFinite(step)) return [];
    const points: ScalarPoint[] = [];
    const enter = (group: Readonly<Record<string, unknown>>, prefix: string, depth: number): void => {
      for (const [key, raw] of Object.entries(group)) {
        if (prefix === '' && (key === 'step' || key === 'global_step')) continue;
        const value = toNumber(raw);
        if (value !== null) points.push({ name: prefix + key, step, value, atMs: null });
        else if (typeof raw === 'object' && raw !== null && !Array.isArray(raw) && depth < 5)
          enter(raw as Record<string, unknown>, `${prefix}${key}/`, depth + 1);
      }
    };
    enter(fields, '', 0);
    return points;
  });
}

function parse(line: string): Record<string, unknown> | null {
  try {
    // Python writes NaN and Infinity bare; within texts they stay as they are.
    const quoted = line.replaceAll(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    );
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
