/** Numbers and times as the screen writes them: short, exact, never a guess. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

const startOfDay = (atMs: number): number => new Date(atMs).setHours(0, 0, 0, 0);

/** "18:10" today, "Sat 07:40" within a week, "28 Nov" beyond. */
export function formatTime(atMs: number, nowMs: number): string {
  const days = Math.round((startOfDay(atMs) - startOfDay(nowMs)) / DAY_MS);
  if (days === 0) return clock.format(atMs);
  if (Math.abs(days) < 7) return `${weekday.format(atMs)} ${clock.format(atMs)}`;
  return date.format(atMs);
}

export const formatFullTime = (atMs: number): string => full.format(atMs);

/** "45 s", "22 m", "1 h 12 m", "6 d 4 h". */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < MINUTE_MS) return `${Math.round(whole / 1000)} s`;
  if (whole < HOUR_MS) return `${Math.round(whole / MINUTE_MS)} m`;
  if (whole < DAY_MS) {
    const hours = Math.floor(whole / HOUR_MS);
    const minutes = Math.floor((whole % HOUR_MS) / MINUTE_MS);
    return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} m`;
  }
  const days = Math.floor(whole / DAY_MS);
  const hours = Math.floor((whole % DAY_MS) / HOUR_MS);
  return hours === 0 ? `${days} d` : `${days} d ${hours} h`;
}

/** "18.7 GiB", "512 MiB". */
export function formatMiB(mib: number): string {
  if (mib < 1024) return `${Math.round(mib)} MiB`;
  const gib = mib / 1024;
  return `${gib >= 100 ? Math.round(gib) : trimZero(gib.toFixed(1))} GiB`;
}

/** Used and total of one thing in one unit: "18.7 / 24 GiB". */
export function formatMiBOf(usedMiB: number | null, totalMiB: number | null): string {
  if (totalMiB === null) return usedMiB === null ? '' : formatMiB(usedMiB);
  if (usedMiB === null) return `? / ${formatMiB(totalMiB)}`;
  if (totalMiB < 1024) return `${Math.round(usedMiB)} / ${Math.round(totalMiB)} MiB`;
  return `${trimZero((usedMiB / 1024).toFixed(1))} / ${trimZero((totalMiB / 1024).toFixed(1))} GiB`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${trimZero((bytes / 1024).toFixed(1))} KiB`;
  return formatMiB(bytes / (1024 * 1024));
}

const trimZero = (text: string): string => text.replace(/\.0$/, '');

/** "48,000". */
export const formatCount = (value: number): string => value.toLocaleString('en-US');

/** A metric's value: four significant digits, plain where it can be. */
export function formatMetric(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return formatCount(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** One hyperparameter's value on a line. */
function formatValue(value: unknown): string {
  if (typeof value === 'number') return formatParameter(value);
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? '';
}

function formatParameter(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential().replace('e-0', 'e-');
  return String(value);
}

/** "lr=3e-4 wd=0.05". */
export function formatParams(hparams: Readonly<Record<string, unknown>>): string {
  return Object.entries(hparams)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(' ');
}

/** "1 GPU", "2 GPUs", "CPU". */
export const formatSlots = (slots: number): string => (slots === 0 ? 'CPU' : `${slots} GPU${slots === 1 ? '' : 's'}`);

/** "Queued as #3. Runs as a process." however the parts end; one part alone has no full stop. */
export function joinSentences(parts: readonly string[]): string {
  const bare = parts.map((part) => part.trim().replace(/\.+$/, '')).filter((part) => part !== '');
  return bare.length < 2 ? bare.join('') : `${bare.join('. ')}.`;
}

/** "1 trial", "3 trials". */
export const plural = (count: number, word: string): string => `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
