/** What `-S` arguments make of parameter files: one variant, or with sweeps several. Pure; the files come in as texts. */
import { changeFile } from './change-file.ts';
import { parseByFile } from './split-files.ts';
import { expandSweeps } from './sweep.ts';
import { toJson } from './value.ts';

export interface Variant {
  /** By file, each override with its one value. */
  readonly overrides: Readonly<Record<string, readonly string[]>>;
  readonly files: Readonly<Record<string, { readonly text: string; readonly data: unknown }>>;
}

/**
 * @param args `-S` arguments, `key=value` or `file:key=value`
 * @param defaultFile the file of overrides that name none
 * @param readFile the text of a file; empty where there is none yet
 * @param random 0 to 1, for shuffled sweeps
 * @returns at least one variant, in the order of DVC
 * @throws OverrideError, FileFault in words
 */
export function previewParameters(
  args: readonly string[],
  defaultFile: string,
  readFile: (file: string) => string,
  random: () => number,
): readonly Variant[] {
  const files = parseByFile(args, defaultFile, random);
  const texts = new Map(files.map(({ file }) => [file, readFile(file)]));
  return expandSweeps(files, random).map((variant) => {
    const changed = variant.map(({ file, overrides }) => ({
      file,
      overrides: overrides.map(({ text }) => text),
      ...changeFile(file, texts.get(file) as string, overrides),
    }));
    return {
      overrides: Object.fromEntries(changed.map(({ file, overrides }) => [file, overrides])),
      files: Object.fromEntries(changed.map(({ file, text, values }) => [file, { text, data: toJson(values) }])),
    };
  });
}
