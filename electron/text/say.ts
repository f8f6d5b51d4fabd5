/**
 * Numbers and names as people read them, everywhere: the reasons of the scheduler, the command line, the window. Pure.
 */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const BYTES_PER_MIB = 1024 * 1024;
const SECOND_MS = 1000;
const MINUTES_PER_HOUR = 60;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = MINUTES_PER_HOUR * MINUTE_MS;

/** @returns "512 B", "1.5 KiB", "20 GiB", "11.1 GiB", "150 GiB": three digits at most, no zero behind the point. */
export function sayBytes(bytes: number): string {
  const power = powerOf(bytes);
  return `${inUnit(bytes, power)} ${UNITS[power]}`;
}

/** @returns "512 MiB", "20 GiB", "11.1 GiB". */
export function sayMemory(mib: number): string {
  return sayBytes(mib * BYTES_PER_MIB);
}

/** Used and total of one thing in the unit of the total: "18.7 / 24 GiB"; null = unknown, then "? / 24 GiB" or the rest. */
export function sayMemoryOf(usedMiB: number | null, totalMiB: number | null): string {
  if (totalMiB === null) return usedMiB === null ? '' : sayMemory(usedMiB);
  if (usedMiB === null) return `? / ${sayMemory(totalMiB)}`;
  const power = powerOf(totalMiB * BYTES_PER_MIB);
  return `${inUnit(usedMiB * BYTES_PER_MIB, power)} / ${sayMemory(totalMiB)}`;
}

/** @returns the largest unit of which there is one at least, after rounding: 1023.9 MiB are 1 GiB. */
function powerOf(bytes: number): number {
  let power = 0;
  while (power < UNITS.length - 1 && Number(inUnit(bytes, power)) >= 1024) power += 1;
  return power;
}

function inUnit(bytes: number, power: number): string {
  const value = bytes / 1024 ** power;
  return String(power === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}

/** @returns "45 s", "22 min", "1 h 12 min", "3 d 4 h"; beyond a day rounded to the hour. Less than nothing is 0 s. */
export function sayDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < MINUTES_PER_HOUR) return `${minutes} min`;
  if (minutes < 24 * MINUTES_PER_HOUR)
    return join(Math.floor(minutes / MINUTES_PER_HOUR), 'h', minutes % MINUTES_PER_HOUR, 'min');
  const hours = Math.round(ms / HOUR_MS);
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** An estimate, which is never right to the second. @returns "about 22 min", but plain "under 1 min". */
export function sayAbout(ms: number): string {
  return ms < MINUTE_MS ? 'under 1 min' : `about ${sayDuration(ms)}`;
}

/** @returns the trial as people call it: "#14". */
export function sayTrial(id: unknown): string {
  return typeof id === 'number' || typeof id === 'string' ? `#${id}` : 'another trial';
}

/** @returns "1 GPU", "3 GPUs". */
export function sayGpus(count: number): string {
  return count === 1 ? '1 GPU' : `${count} GPUs`;
}

/** @returns "a", "a and b", "a, b and c". */
export function sayList(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

/** @returns local time: "14:05" today, "Tue 14:05" within a week, else "2026-03-01 14:05" */
export function sayTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(nowMs).toDateString()) return clock;
  if (Math.abs(atMs - nowMs) < 6 * 86_400_000)
    return `${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at.getDay()]} ${clock}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}
