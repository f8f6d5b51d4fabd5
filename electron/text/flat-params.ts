/** A trial's parameters as the cells of a table: one value a name, groups told by dots. Pure. */
import { isNumber } from './is-number.ts';
import { splitCommand } from './split-command.ts';

export type CellValue = number | string;

/** Longer texts are cut: a cell is compared and shown, not read. */
const MAX_TEXT = 500;
const MAX_NAME = 300;
/** Most parameters of one trial that become columns. */
const MAX_PARAMS = 2_000;

/** @returns what is compared with: what reads as a number is one, whatever wrote it */
export function cellValue(value: unknown): CellValue {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value === 'string' && isNumber(text)) return Number(text);
  return text.slice(0, MAX_TEXT);
}

/**
 * @param command its flags count too; what the configuration says goes first
 * @returns name -> value; a key that holds a dot itself goes before a group that would have the same name
 */
export function flatParams(
  command: string,
  hparams: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, CellValue> {
  const all = { ...splitCommand(command).params, ...hparams };
  const flat = new Map<string, CellValue>();
  const put = (name: string, value: unknown): void => {
    if (value === undefined || name.length > MAX_NAME || flat.size >= MAX_PARAMS || flat.has(name)) return;
    flat.set(name, cellValue(value));
  };
  const enter = (prefix: string, group: object, depth: number): void => {
    for (const [key, value] of Object.entries(group))
      if (isGroup(value) && depth < 20) enter(`${prefix}${key}.`, value, depth + 1);
      else put(prefix + key, value);
  };
  for (const [name, value] of Object.entries(all)) if (!isGroup(value)) put(name, value);
  for (const [name, value] of Object.entries(all)) if (isGroup(value)) enter(`${name}.`, value, 1);
  return flat;
}

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
