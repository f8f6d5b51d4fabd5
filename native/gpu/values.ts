/**
 * How nvidia-smi writes values: numbers with units, and words where there is no number.
 * Anything that is not a number is null (never 0); the word itself is kept by the caller as a token.
 */

/** Words that mean "there is nothing to tell here": no fault of the GPU. Compared without brackets, in lower case. */
const ABSENT = new Set([
  '',
  'n/a',
  'not supported',
  'none',
  'not available',
  'insufficient permissions',
  'requested functionality has been deprecated',
  'not available in wddm driver model',
]);

/** @returns the word without surrounding blanks and brackets: "[N/A]" gives "N/A" */
export function bareToken(raw: string): string {
  const text = raw.trim();
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1).trim() : text;
}

/** @returns true when the word says that this GPU, driver or user has no such value */
export function isAbsent(raw: string): boolean {
  return ABSENT.has(bareToken(raw).toLowerCase());
}

/** @returns true for words that a GPU in trouble leaves in any field, text fields included */
export function isFaultWord(raw: string): boolean {
  return /^(?:gpu is lost|gpu requires (?:a )?re(?:set|start|boot)|unknown error|error|err!)$/i.test(bareToken(raw));
}

/** @returns the text, or null where the field has no value (absent, or a fault word) */
export function readText(raw: string | undefined): string | null {
  if (raw === undefined || isAbsent(raw) || isFaultWord(raw)) return null;
  const text = raw.trim();
  return text.startsWith('[') && text.endsWith(']') ? null : text;
}

const QUANTITY = /^([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%]*)$/;

/** Old drivers wrote MB where they meant MiB. */
const MIB_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  mib: 1,
  mb: 1,
  gib: 1024,
  gb: 1024,
  kib: 1 / 1024,
  kb: 1 / 1024,
  b: 1 / 1_048_576,
  bytes: 1 / 1_048_576,
};

/** @returns the number of a value such as " 37 C ", "33.4 %" or "26.20 W"; null when it is not a number */
export function readNumber(raw: string | undefined): number | null {
  const match = raw === undefined ? null : QUANTITY.exec(raw.trim());
  return match === null ? null : Number(match[1]);
}

/**
 * @param headerUnit unit from the column's header, for values printed without one
 * @returns MiB; null when it is not a number or the unit is unknown
 */
export function readMiB(raw: string | undefined, headerUnit = ''): number | null {
  const match = raw === undefined ? null : QUANTITY.exec(raw.trim());
  if (match === null) return null;
  const factor = MIB_PER_UNIT[(match[2] === '' ? headerUnit : (match[2] ?? '')).toLowerCase()];
  return factor === undefined ? null : Number(match[1]) * factor;
}

/** @returns a whole number of at least 0; null otherwise */
export function readCount(raw: string | undefined): number | null {
  return raw !== undefined && /^\d{1,15}$/.test(raw.trim()) ? Number(raw.trim()) : null;
}

/** @returns the mask as printed, for example "0x0000000000000001"; null otherwise */
export function readMask(raw: string | undefined): string | null {
  return raw !== undefined && /^0x[0-9a-fA-F]+$/.test(raw.trim()) ? raw.trim() : null;
}

const BUS_ID = /([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])/i;

/**
 * PCI bus ids come with a domain of 4 or 8 digits, in either case, and glued to a word in error texts.
 * @returns the id with 8 domain digits in upper case; null when the text holds none
 */
export function normalizeBusId(text: string): string | null {
  const match = BUS_ID.exec(text);
  if (match === null) return null;
  const [, domain = '', bus = '', device = '', fn = ''] = match;
  return `${domain.padStart(8, '0')}:${bus}:${device}.${fn}`.toUpperCase();
}

/** Bits of clocks_event_reasons.active (NVML's nvmlClocksEventReasons), lowest first. */
const THROTTLE_BITS = [
  'gpu_idle',
  'applications_clocks_setting',
  'sw_power_cap',
  'hw_slowdown',
  'sync_boost',
  'sw_thermal_slowdown',
  'hw_thermal_slowdown',
  'hw_power_brake_slowdown',
  'display_clocks_setting',
] as const;

/** @returns the names behind a mask, unknown bits as "bit_N" */
export function throttleNames(mask: string): readonly string[] {
  const names: string[] = [];
  for (let bits = BigInt(mask), position = 0; bits > 0n; bits >>= 1n, position += 1) {
    if ((bits & 1n) === 1n) names.push(THROTTLE_BITS[position] ?? `bit_${position}`);
  }
  return names;
}

/** Reads "Enabled" or "Disabled"; null where it says neither. */
export function readSwitch(raw: string | undefined | null): boolean | null {
  const word = (raw ?? '').trim();
  return /^(?:enabled|yes)$/i.test(word) ? true : /^(?:disabled|no)$/i.test(word) ? false : null;
}
