/**
 * Which of the progress bars in a log tells how far the trial is. Pure.
 *
 * A bar that says which epoch of how many it is counts for that part. One that begins anew (one bar an epoch, an evaluation now and
 * then, a download) tells nothing of the whole and is believed no more; nor is one that is over in a moment. Of those left, the one that
 * takes longest counts. What is read from a log is never the whole: only the program itself can say that it is done.
 */
import type { Bar } from './parse-bar.ts';

const MAX_BARS = 20;
/** A bar shorter than this loads something. */
const LEAST_MS = 10_000;
const MOST_PROGRESS = 0.99;
const EPOCH_OF = /\bepochs?\s*[:#]?\s*[[(]?\s*(\d{1,9})\s*(?:\/|of)\s*(\d{1,9})/i;
const ONE_EPOCH = /\bepoch\s*[:#]?\s*[[(]?\s*\d/i;

interface Followed {
  readonly bar: Bar;
  readonly beginsAnew: boolean;
  /** The first epoch has the number 0. */
  readonly fromZero: boolean;
}

/** By their label without its numbers, and their total; the latest written last. */
export type FollowedBars = ReadonlyMap<string, Followed>;

export const NO_BARS: FollowedBars = new Map();

/** @returns what is known after a further bar */
export function followBar(known: FollowedBars, bar: Bar): FollowedBars {
  const key = `${bar.label.replaceAll(/\d+/g, '#')}|${bar.total}`;
  const before = known.get(key);
  const next = new Map(known);
  next.delete(key);
  next.set(key, {
    bar,
    beginsAnew:
      before !== undefined &&
      (before.beginsAnew || (bar.position < before.bar.position / 2 && bar.elapsedMs <= before.bar.elapsedMs / 2)),
    fromZero: before?.fromZero === true || epochOf(bar)?.number === 0,
  });
  for (const oldest of next.keys()) {
    if (next.size <= MAX_BARS) break;
    next.delete(oldest);
  }
  return next;
}

/** @returns the bar that counts and how far it says the trial is, 0 to 0.99; null = none of them tells */
export function judgeBars(known: FollowedBars): { readonly bar: Bar; readonly progress: number } | null {
  let best: { readonly bar: Bar; readonly progress: number } | null = null;
  let longestMs = LEAST_MS;
  for (const { bar, beginsAnew, fromZero } of known.values()) {
    if (bar.isBytes) continue;
    const share = bar.position / bar.total;
    const epoch = epochOf(bar);
    if (epoch === null && (beginsAnew || ONE_EPOCH.test(bar.label))) continue;
    const wholeMs = (bar.elapsedMs + (bar.remainingMs ?? 0)) * (epoch?.of ?? 1);
    if (wholeMs < longestMs) continue;
    const progress = epoch === null ? share : (epoch.number - (fromZero ? 0 : 1) + share) / epoch.of;
    longestMs = wholeMs;
    best = { bar, progress: Math.min(MOST_PROGRESS, Math.max(0, progress)) };
  }
  return best;
}

function epochOf({ label }: Bar): { readonly number: number; readonly of: number } | null {
  const [, number, of] = EPOCH_OF.exec(label) ?? [];
  if (number === undefined || of === undefined || Number(of) === 0 || Number(number) > Number(of)) return null;
  return { number: Number(number), of: Number(of) };
}
