/**
 * Opening hours of a pool, in the local time of the machine. Pure but for the machine's time zone.
 */
import type { PoolSettings } from '../contract/pools.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** Clocks are moved by no more than this, minutes. */
const LARGEST_SHIFT = 180;

export interface OpenState {
  /** null = open. */
  readonly closedReason: string | null;
  /** When it opens next, ms; null = it is open. */
  readonly opensAtMs: number | null;
  /** When it closes next, ms; null = never, or it is closed. */
  readonly closesAtMs: number | null;
}

const OPEN: OpenState = { closedReason: null, opensAtMs: null, closesAtMs: null };

/**
 * @param hours `from` later than `to` spans midnight; both equal = always open; null = no hours
 * @returns on days when the clocks change, open by what a clock on the wall shows: a time that is skipped opens at the
 * moment of the change
 */
export function poolOpenState(hours: PoolSettings['hours'], nowMs: number): OpenState {
  if (hours === null) return OPEN;
  const from = minutesOf(hours.from);
  const to = minutesOf(hours.to);
  if (from === null || to === null || from === to || !Number.isFinite(nowMs)) return OPEN;
  if (isWithin(from, to, nowMs)) return { ...OPEN, closesAtMs: nextClosing(from, to, nowMs) };
  return {
    closedReason: `opens at ${hours.from} (hours ${hours.from} to ${hours.to})`,
    opensAtMs: nextOpening(from, to, nowMs),
    closesAtMs: null,
  };
}

function minutesOf(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return minutes < DAY_MINUTES ? minutes : null;
}

function isWithin(from: number, to: number, atMs: number): boolean {
  const at = new Date(atMs);
  const minute = at.getHours() * 60 + at.getMinutes();
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** @returns the first minute that no longer counts as open. */
function nextClosing(from: number, to: number, nowMs: number): number {
  const now = new Date(nowMs);
  for (let day = 0; day <= 1; day++) {
    const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, Math.floor(to / 60), to % 60).getTime();
    const isPlain = new Date(at).getTimezoneOffset() === now.getTimezoneOffset();
    const isNext = at > nowMs && at - nowMs <= DAY_MINUTES * MINUTE_MS;
    if (isPlain && isNext && !isWithin(from, to, at) && isWithin(from, to, at - MINUTE_MS)) return at;
  }
  // The clocks change in between: a time of day is skipped, or comes twice.
  const first = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  for (let minute = 0; minute < 2 * DAY_MINUTES + LARGEST_SHIFT; minute++)
    if (!isWithin(from, to, first + minute * MINUTE_MS)) return first + minute * MINUTE_MS;
  return first + DAY_MINUTES * MINUTE_MS;
}

function nextOpening(from: number, to: number, nowMs: number): number {
  const now = new Date(nowMs);
  for (let day = 0; day <= 2; day++) {
    const opening = new Date(
      now.getFullYear(),
      now.getMonth(),
      now.getDate() + day,
      Math.floor(from / 60),
      from % 60,
    ).getTime();
    // A skipped time of day is read as later than it should be: walk back to the first minute that counts as open.
    let openedMs = opening;
    for (let back = 1; back <= LARGEST_SHIFT; back++) {
      const candidate = opening - back * MINUTE_MS;
      if (candidate <= nowMs || !isWithin(from, to, candidate)) break;
      openedMs = candidate;
    }
    if (openedMs > nowMs && isWithin(from, to, openedMs)) return openedMs;
  }
  return nowMs + DAY_MINUTES * MINUTE_MS;
}
