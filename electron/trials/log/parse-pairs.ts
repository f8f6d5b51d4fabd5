/**
 * Numbers with a name in a line of a log: `loss=0.31`, `acc: 93.1%`, `{'loss': 0.3, 'epoch': 2}`. Pure; of a line of any length no more
 * than its first 2,000 characters are looked at, and no more than 30 pairs are found in it.
 */

const MAX_CHARS = 2_000;
const MAX_PAIRS = 30;
/** A name, a sign, a number: bare or in quotes, with a percent sign, and nothing of a word behind it. */
const PAIR = new RegExp(
  [
    /(?<![\w./@-])([A-Za-z][\w./@-]{0,59})['"]?\s{0,3}([=:])(\s{0,3})['"]?/,
    /([+-]?(?:\d{1,20}(?:[.]\d{0,40})?|[.]\d{1,40})(?:[eE][+-]?\d{1,3})?|[+-]?(?:nan|inf(?:inity)?))/,
    /['"]?%?(?=[.]?(?:[\s,;|)\]}('"]|$))/,
  ]
    .map(({ source }) => source)
    .join(''),
  'giu',
);
/** What is set and not measured. */
const NO_METRIC = new Set(
  (
    'pid port seed rank local_rank world_size gpu gpus device cuda version v_num line code status exit num_workers workers ' +
    'threads batch batch_size epochs id year day hour minute second'
  ).split(' '),
);
/** What counts steps becomes the step of the others; the finest first. */
const STEP_NAMES = ['global_step', 'step', 'iteration', 'iter', 'it', 'epoch'] as const;

export interface Pairs {
  /** Finite numbers only; NaN and infinite ones are in `notFinite`. */
  readonly values: ReadonlyMap<string, number>;
  readonly notFinite: readonly string[];
  /** The finest count in the line, with the name it has there; null = none. */
  readonly step: { readonly name: string; readonly value: number } | null;
}

/** @param line without escape sequences, and without a progress bar */
export function parsePairs(line: string): Pairs {
  const values = new Map<string, number>();
  const counts = new Map<string, number>();
  const notFinite: string[] = [];
  const text = line.slice(0, MAX_CHARS);
  if (!text.includes('=') && !text.includes(':')) return { values, notFinite, step: null };
  let pairs = 0;
  for (const [, name = '', sign, space, written = ''] of text.matchAll(PAIR)) {
    if (++pairs > MAX_PAIRS) break;
    // localhost:8080 and 12:30 are none.
    if (sign === ':' && space === '' && !/[.en]/i.test(written)) continue;
    const value = Number(written);
    const stepName = STEP_NAMES.find((one) => one === name.toLowerCase());
    if (stepName !== undefined) {
      if (value >= 0 && Number.isFinite(value)) counts.set(stepName, value);
    } else if (NO_METRIC.has(name.toLowerCase())) continue;
    else if (Number.isFinite(value)) values.set(name, value);
    else notFinite.push(name);
  }
  const name = STEP_NAMES.find((one) => counts.has(one));
  return { values, notFinite, step: name === undefined ? null : { name, value: counts.get(name) ?? 0 } };
}
