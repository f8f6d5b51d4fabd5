/**
 * The reporting protocol between a trial and the engine: what resources/python/switchyard.py writes. Pure.
 *
 * The trial appends to the file named by SWITCHYARD_REPORT_FILE, one JSON object a line (UTF-8, "\n"), each line in one
 * write, nothing ever rewritten:
 *
 *   {"t":"metrics","step":12,"values":{"train/loss":0.31,"val/accuracy":"NaN"},"at_ms":1700000000000}
 *   {"t":"progress","value":0.42,"step":12,"at_ms":…}                          0..1; step may be left out
 *   {"t":"checkpoint","path":"step-12","step":12,"metrics":{…},"at_ms":…}      a finished directory below SWITCHYARD_CHECKPOINT_DIR
 *
 * Numbers that are not finite are the strings "NaN", "Infinity" and "-Infinity" (bare NaN and Infinity, which many JSON
 * writers produce, are understood too). `at_ms` is optional: milliseconds since 1970-01-01 UTC; what no Date can hold
 * counts as left out. Other keys are ignored.
 * A line that is not understood is counted and skipped; it never stops anything.
 *
 * The other way: SWITCHYARD_STOP_FILE exists from the moment the trial is asked to stop. SIGTERM comes as well, to its main process; for a
 * program that made a file of that name with ".asked" behind it (it looks for the stop file) only after half of its grace period.
 */

export const MAX_REPORT_LINE_BYTES = 1024 * 1024;
export const MAX_METRIC_NAME_CHARS = 200;
const MAX_VALUES_PER_LINE = 10_000;
const MAX_CHECKPOINT_NAME_BYTES = 255;
/** The latest time a Date can hold. */
const MAX_TIME_MS = 8.64e15;

export interface MetricsReport {
  readonly t: 'metrics';
  readonly step: number;
  /** Finite numbers only. */
  readonly values: Readonly<Record<string, number>>;
  /** Names whose value was NaN or infinite: there is nothing to plot, but it may be the news of the day. */
  readonly nonFinite: readonly string[];
  readonly atMs: number | null;
}
export interface ProgressReport {
  readonly t: 'progress';
  /** 0..1 */
  readonly value: number;
  readonly step: number | null;
  readonly atMs: number | null;
}
export interface CheckpointReport {
  readonly t: 'checkpoint';
  /** Name of a directory directly below the checkpoint directory: one path component, safe to join. */
  readonly name: string;
  readonly step: number | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly atMs: number | null;
}
export type ReportRecord = MetricsReport | ProgressReport | CheckpointReport;

/** @returns the record, or null when the line is not one */
export function parseReportLine(line: string): ReportRecord | null {
  if (line.length > MAX_REPORT_LINE_BYTES) return null;
  const fields = parseObject(line);
  if (fields === null) return null;
  const common = { step: finiteOrNull(toNumber(fields['step'])), atMs: timeOrNull(toNumber(fields['at_ms'])) };
  switch (fields['t']) {
    case 'metrics': {
      const read = readValues(fields['values']);
      if (read === null || common.step === null) return null;
      return { t: 'metrics', step: common.step, values: read.values, nonFinite: read.nonFinite, atMs: common.atMs };
    }
    case 'progress': {
      const value = toNumber(fields['value']);
      if (value === null || Number.isNaN(value)) return null;
      return { t: 'progress', value: Math.min(1, Math.max(0, value)), ...common };
    }
    case 'checkpoint': {
      const name = fields['path'];
      if (typeof name !== 'string' || !isCheckpointName(name)) return null;
      return { t: 'checkpoint', name, metrics: readValues(fields['metrics'])?.values ?? {}, ...common };
    }
    default:
      return null;
  }
}

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const UNFIT_IN_NAME = /[/\\\u0000-\u001f\u007f]/;

/** One visible path component: what comes from a trial is joined to a directory of ours. */
export function isCheckpointName(name: string): boolean {
  return (
    name !== '' &&
    !name.startsWith('.') &&
    !UNFIT_IN_NAME.test(name) &&
    Buffer.byteLength(name) <= MAX_CHECKPOINT_NAME_BYTES
  );
}

function readValues(input: unknown): { values: Record<string, number>; nonFinite: string[] } | null {
  if (!isObject(input)) return null;
  const values: Record<string, number> = {};
  const nonFinite: string[] = [];
  for (const [name, raw] of Object.entries(input).slice(0, MAX_VALUES_PER_LINE)) {
    const value = toNumber(raw);
    // "__proto__" would change the object instead of a value.
    if (value === null || name.trim() === '' || name.length > MAX_METRIC_NAME_CHARS || name === '__proto__') continue;
    if (Number.isFinite(value)) values[name] = value;
    else nonFinite.push(name);
  }
  return { values, nonFinite };
}

const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** @returns a number (NaN and infinities included), or null for everything else */
function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && Object.hasOwn(WORDS, value) ? (WORDS[value] ?? null) : null;
}

const finiteOrNull = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

const timeOrNull = (value: number | null): number | null =>
  value !== null && value >= 0 && value <= MAX_TIME_MS ? Math.round(value) : null;

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return isObject(parsed) ? parsed : null;
  } catch {
    // Python's json module writes NaN and Infinity bare. Strings are matched first and left alone, one without an end up to the end
    // of the line: were every quote of such a line tried as a beginning, a megabyte of them would take minutes.
    const quoted = line.replaceAll(/"[^"\\]*(?:\\[^][^"\\]*)*(?:"|\\?$)|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    );
    if (quoted === line) return null;
    try {
      const parsed: unknown = JSON.parse(quoted);
      return isObject(parsed) ? parsed : null;
    } catch {
      return null;
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
