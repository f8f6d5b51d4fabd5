/** Amounts of memory as people write them. Pure. */
import { SwitchyardError } from '../contract/errors.ts';

/** Determined's pattern for sizes (its schema of resources.shm_size), any case. All prefixes are powers of 1024, as Docker reads them. */
const SIZE = /^((?:[0-9]*[.])?[0-9]+) ?(?:([kmgtp])(?:i?b)?|b)?$/i;
const BYTES_PER_MIB = 1024 * 1024;
const PREFIX_POWER: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };
/** 1 PiB: more is a slip of the keyboard, and sums of less stay exact. */
const MAX_MIB = 1024 ** 3;

/**
 * Reads "20 GiB", "8g", "512m" or a plain number of bytes.
 * @param path where the text stands in the configuration; goes into the error
 * @returns whole MiB, rounded up
 * @throws SwitchyardError invalid_config
 */
export function parseMemoryMiB(text: string, path = 'memory'): number {
  const fail = (why: string): never => {
    throw new SwitchyardError('invalid_config', `${path}: ${why}`, {
      path,
      remedy: 'Write a number and a unit, for example "20 GiB", "8g" or "512m".',
    });
  };
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const match = SIZE.exec(text.trim());
  if (match === null) return fail(`${shown} is not an amount of memory.`);
  const bytes = Number(match[1]) * 1024 ** (PREFIX_POWER[(match[2] ?? '').toLowerCase()] ?? 0);
  const mib = Math.ceil(bytes / BYTES_PER_MIB);
  if (mib > MAX_MIB) return fail(`${shown} is more than 1 PiB.`);
  if (bytes < BYTES_PER_MIB) {
    const hasUnit = /[a-z]/i.test(text);
    return fail(
      hasUnit || bytes === 0
        ? `${shown} is less than 1 MiB.`
        : `${shown} has no unit, so it means bytes, and that is less than 1 MiB.`,
    );
  }
  return mib;
}
