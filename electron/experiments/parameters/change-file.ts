/** Carries overrides into the text of a parameter file. Pure. */
import { editsOf, valueAt } from './apply-override.ts';
import { FileFault } from './files/format.ts';
import type { Edit, Format } from './files/format.ts';
import { jsonFormat } from './files/json-format.ts';
import { pythonFormat } from './files/python-format.ts';
import { tomlFormat } from './files/toml-format.ts';
import { yamlFormat } from './files/yaml-format.ts';
import { OverrideError } from './override.ts';
import type { Override } from './override.ts';
import { same } from './value.ts';
import type { Value } from './value.ts';

/** Parameter files are written by hand; a larger one is data. Characters. */
export const MAX_FILE = 1024 * 1024;

/** By the file's suffix, as DVC does: every other suffix is YAML. */
export function formatOf(file: string): Format {
  if (/\.json$/i.test(file)) return jsonFormat;
  if (/\.toml$/i.test(file)) return tomlFormat;
  if (/\.py$/i.test(file)) return pythonFormat;
  return yamlFormat;
}

/**
 * @param file name, for its suffix and for messages
 * @throws FileFault naming the file and the line
 */
export function readParameters(file: string, text: string): Value {
  const format = formatOf(file);
  try {
    if (text.length > MAX_FILE)
      throw new FileFault(`it has ${text.length} characters; a parameter file has at most ${MAX_FILE}`);
    if (text.includes('\0')) throw new FileFault('it holds binary data');
    return format.read(text);
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    throw new FileFault(`${file} cannot be read as ${format.name}: ${error.message}`);
  }
}

/**
 * @param text what the file holds; empty for a file that is to be made
 * @param overrides one value each, applied in their order; the later wins
 * @returns the new text, in which only what changes is touched, and the values that it holds
 * @throws FileFault, OverrideError in words
 */
export function changeFile(
  file: string,
  text: string,
  overrides: readonly Override[],
): { text: string; values: Value } {
  const format = formatOf(file);
  let now = { text, values: readParameters(file, text) };
  for (const override of overrides) {
    for (const edit of editsOf(now.values, override)) {
      try {
        const next = format.edit(now.text, edit);
        now = { text: next, values: checked(format, next, edit) };
      } catch (error) {
        if (!(error instanceof FileFault)) throw error;
        throw new OverrideError(override.text, `${file}: ${error.message}`);
      }
    }
  }
  return now;
}

/** Reads what was written: a change that does not read back as meant is never handed out. */
function checked(format: Format, text: string, edit: Edit): Value {
  let values: Value;
  try {
    values = format.read(text);
  } catch (error) {
    throw new FileFault(`this change would make the file unreadable (${(error as Error).message}): make it by hand`);
  }
  const found = valueAt(values, edit.path);
  const asMeant = edit.kind === 'delete' ? true : found !== undefined && same(found, edit.value);
  if (!asMeant) throw new FileFault('this change cannot be written in the place where it belongs: make it by hand');
  return values;
}
