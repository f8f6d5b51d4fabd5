/** From overrides with sweeps to the variants they mean. Pure. */
import { floatRange } from './decimal.ts';
import { OverrideError } from './override.ts';
import type { Override, Sweep } from './override.ts';
import { shuffled } from './shuffle.ts';
import type { Element } from './value.ts';
import { withValue } from './write-override.ts';

/** More variants than these are a slip of the finger, not an experiment. */
export const MAX_VARIANTS = 10_000;

/** The overrides of one file. */
export interface FileOverrides {
  readonly file: string;
  readonly overrides: readonly Override[];
}

export const hasSweep = (files: readonly FileOverrides[]): boolean =>
  files.some(({ overrides }) => overrides.some(({ value }) => value !== undefined && 'sweep' in value));

/**
 * The product of all sweeps in the order they were written, over files too; the last varies fastest. Values that occur twice stay.
 * @param files in the order of their first override
 * @param random 0 to 1, for sweeps that are to be shuffled
 * @returns one or more variants, each with single values only
 * @throws OverrideError for interval and glob, for a value that a range cannot count, and for more than MAX_VARIANTS
 */
export function expandSweeps(files: readonly FileOverrides[], random: () => number): (readonly FileOverrides[])[] {
  const sweeping = hasSweep(files);
  const choices = files.flatMap(({ overrides }) => overrides.map((override) => variantsOf(override, sweeping, random)));
  let count = 1;
  for (const variants of choices) {
    count *= variants.length;
    if (count > MAX_VARIANTS)
      throw new OverrideError(
        variants[0]?.text ?? '',
        `together these sweeps make more than ${MAX_VARIANTS.toLocaleString('en-US')} variants: leave some out, or search by a searcher`,
      );
  }
  return Array.from({ length: count }, (_, index) => {
    let rest = index;
    const picked: Override[] = Array.from({ length: choices.length });
    for (let i = choices.length - 1; i >= 0; i -= 1) {
      const variants = choices[i] as readonly Override[];
      picked[i] = variants[rest % variants.length] as Override;
      rest = Math.floor(rest / variants.length);
    }
    let from = 0;
    return files.map(({ file, overrides }) => ({ file, overrides: picked.slice(from, (from += overrides.length)) }));
  });
}

function variantsOf(override: Override, sweeping: boolean, random: () => number): readonly Override[] {
  // A deletion without a value is written as DVC writes it in its variants: null there means any value.
  if (override.value === undefined) return [sweeping ? withValue(override, null) : override];
  if ('element' in override.value) return [override];
  const values = valuesOf(override.value.sweep, override);
  const { sweep } = override.value;
  const ordered = 'shuffle' in sweep && sweep.shuffle ? shuffled(values, random) : values;
  return ordered.map((element) => withValue(override, element));
}

function valuesOf(sweep: Sweep, override: Override): readonly Element[] {
  switch (sweep.kind) {
    case 'choice':
      return sweep.items;
    case 'range': {
      const values = rangeValues(sweep);
      if (values.length === 0)
        throw new OverrideError(override.text, 'the range has no values: it stops before it starts');
      return values;
    }
    case 'interval':
      throw new OverrideError(
        override.text,
        'an interval has no end of values: give the values (a,b,c), a range, or use a searcher',
      );
    case 'glob':
      throw new OverrideError(
        override.text,
        'a glob has nothing to choose from in a parameter file: give the values (a,b,c)',
      );
  }
}

function rangeValues({ start, stop, step }: Extract<Sweep, { kind: 'range' }>): readonly Element[] {
  // One more than may be, so that too many are seen as too many.
  const limit = MAX_VARIANTS + 1;
  if (typeof start !== 'bigint' || typeof stop !== 'bigint' || typeof step !== 'bigint')
    return floatRange(Number(start), Number(stop), Number(step), limit);
  const values: bigint[] = [];
  for (let at = start; (step > 0n ? at < stop : at > stop) && values.length < limit; at += step) values.push(at);
  return values;
}
