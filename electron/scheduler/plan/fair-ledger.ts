/**
 * Who is owed what under fair share: an experiment that wants more than it gets is owed the part of its share that it does
 * not use, and one that holds more than its share pays it back. Without this an experiment whose trials need more slots
 * at once than its share would never start one. Pure; who keeps it over a restart is fair-credits.ts.
 */
import type { PlanOutput, TrialKey } from './model.ts';

/** A pass that comes later than this (a machine that slept, a clock that jumped) is counted as this late, ms. */
const LONGEST_STEP_MS = 60_000;
/** Nobody is owed or owes more than a day of so many slots. */
const MOST_MS = 24 * 3600 * 1000;

/** Experiment -> slots times ms that it is owed (below 0: that it owes). */
export type Credits = ReadonlyMap<TrialKey, number>;

/**
 * @param shares what the plan at the beginning of the time says
 * @param tookMs for so long it was so
 * @returns the credits at its end; who wants nothing any more is owed nothing
 */
export function settle(credits: Credits, shares: PlanOutput['shares'], tookMs: number): Credits {
  if (shares.length === 0) return credits.size === 0 ? credits : new Map();
  const next = new Map<TrialKey, number>();
  for (const { experimentId, share, used } of shares) {
    const most = MOST_MS * Math.max(1, share);
    const credit = (next.get(experimentId) ?? credits.get(experimentId) ?? 0) + (share - used) * tookMs;
    next.set(experimentId, Math.min(most, Math.max(-most, credit)));
  }
  return next;
}

/** A clock may jump and a machine may sleep. */
function stepMs(fromMs: number, toMs: number): number {
  return Math.min(Math.max(0, toMs - fromMs), LONGEST_STEP_MS);
}

export interface FairLedger {
  /** A plan was made: from now on its shares count. */
  note(shares: PlanOutput['shares'], nowMs: number): void;
  /** @returns the credits as of now. */
  at(nowMs: number): Credits;
}

/** @param before the credits there were when the last ledger ended */
export function createFairLedger(before: Credits = new Map()): FairLedger {
  let credits = before;
  /** null = nothing was planned yet: what went on meanwhile is not known. */
  let shares: PlanOutput['shares'] | null = null;
  let sinceMs = 0;
  return {
    note(latest, nowMs) {
      if (shares !== null) credits = settle(credits, shares, stepMs(sinceMs, nowMs));
      shares = latest;
      sinceMs = nowMs;
    },
    at: (nowMs) => (shares === null ? credits : settle(credits, shares, stepMs(sinceMs, nowMs))),
  };
}
