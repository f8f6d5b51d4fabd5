/** Numbers and times as the screen writes them: short, exact, never a guess. Sizes and durations are in electron/text/say.ts. */
import { sayGpus } from '../../electron/text/say.ts';

const DAY_MS = 24 * 3600 * 1000;

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
export const formatSlots = (slots: number): string => (slots === 0 ? 'CPU' : sayGpus(slots));

/** "Queued as #3. Runs as a process." however the parts end; one part alone has no full stop. */
export function joinSentences(parts: readonly string[]): string {
  const bare = parts.map((part) => part.trim().replace(/\.+$/, '')).filter((part) => part !== '');
  return bare.length < 2 ? bare.join('') : `${bare.join('. ')}.`;
}

/** "1 trial", "3 trials". */
export const plural = (count: number, word: string): string => `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;

/** "trial 3", "12 trials". */
export const nameTrials = (trialIds: readonly number[]): string =>
  trialIds.length === 1 ? `trial ${trialIds[0]}` : plural(trialIds.length, 'trial');
