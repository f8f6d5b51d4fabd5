/** Which file each `-S` argument is for. Pure. */
import { parseOverride } from './parse-override.ts';
import type { FileOverrides } from './sweep.ts';

/** Where a parameter is looked for when no file is named; DVC's default too. */
export const DEFAULT_FILE = 'params.yaml';

/**
 * @param args `-S` arguments: `key=value`, or `file:key=value` (the first colon before the first '=' ends the file's name)
 * @param defaultFile the file of arguments that name none
 * @returns one entry a file in the order of their first override, with the override texts
 */
export function splitByFile(args: readonly string[], defaultFile: string): ReadonlyMap<string, readonly string[]> {
  const byFile = new Map<string, string[]>();
  for (const arg of args) {
    const equal = arg.indexOf('=');
    const head = equal < 0 ? arg : arg.slice(0, equal);
    const colon = head.indexOf(':');
    const file = colon < 0 ? defaultFile : head.slice(0, colon);
    const text = colon < 0 ? arg : arg.slice(colon + 1);
    byFile.set(file, [...(byFile.get(file) ?? []), text]);
  }
  return byFile;
}

/**
 * As `splitByFile`, parsed.
 * @throws OverrideError for the first one that cannot be read
 */
export const parseByFile = (
  args: readonly string[],
  defaultFile: string,
  random: () => number,
): readonly FileOverrides[] =>
  [...splitByFile(args, defaultFile)].map(([file, texts]) => ({
    file,
    overrides: texts.map((text) => parseOverride(text, random)),
  }));
