/** Numbers and names as the scheduler says them to people. Pure. */

const MIB_PER_GIB = 1024;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @returns "512 MiB", "20 GiB", "11.1 GiB". */
export function sayMemory(mib: number): string {
  if (mib < MIB_PER_GIB) return `${Math.round(mib)} MiB`;
  return `${Math.round((mib / MIB_PER_GIB) * 10) / 10} GiB`;
}

/** @returns "under 1 min", "22 min", "1 h 12 min", "3 d 4 h"; rounded to the minute, beyond a day to the hour. */
export function sayDuration(ms: number): string {
  if (ms < MINUTE_MS) return 'under 1 min';
  const minutes = Math.round(ms / MINUTE_MS) * MINUTE_MS;
  if (minutes < HOUR_MS) return `${minutes / MINUTE_MS} min`;
  if (minutes < DAY_MS) return join(Math.floor(minutes / HOUR_MS), 'h', (minutes % HOUR_MS) / MINUTE_MS, 'min');
  const hours = Math.round(ms / HOUR_MS);
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** @returns "about 22 min", but plain "under 1 min". */
export function sayAbout(ms: number): string {
  const text = sayDuration(ms);
  return text.startsWith('under') ? text : `about ${text}`;
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
