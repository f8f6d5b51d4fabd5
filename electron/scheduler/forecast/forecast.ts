/**
 * When will each queued trial start and end? The plan run forward over the expected durations, event by event: a trial
 * ends, its slots come free, plan again. Pure.
 *
 * What is not known stays unknown: a trial without an estimate never ends here, so what waits for it gets no start.
 * Slots that others use now stay used; a pool that is paused starts nothing; one with hours starts what it starts in them.
 */
import type { ForecastEntry } from '../../contract/feed.ts';
import {
  followHours,
  holdEndOf,
  isReady,
  newForecastState,
  nextOpening,
  removeEnded,
  startTrials,
  stopTrials,
  toInput,
} from './forecast-state.ts';
import type { Simulated } from './forecast-state.ts';
import { decide } from '../plan/plan.ts';
import { endOf, finiteOr, readInput } from '../plan/read-input.ts';
import { settle } from '../plan/fair-ledger.ts';
import type { PlanInput, PlanOutput, PlanTrial, TrialKey } from '../plan/model.ts';

export interface Forecast {
  /** Queued trials only, pool by pool in queue order. */
  readonly entries: readonly ForecastEntry[];
  /** Pool id -> when its last trial is expected to end; null = not known. A pool without trials is clear now. */
  readonly clearAtMs: Readonly<Record<string, number | null>>;
}

/**
 * @param horizonMs nothing that starts later than this from now is forecast
 * @param maxEntries at most so many queued trials of each pool are looked at
 */
export function forecast(rawInput: PlanInput, horizonMs: number, maxEntries: number): Forecast {
  const input = readInput(rawInput);
  const nowMs = finiteOr(input.nowMs, 0);
  const state = newForecastState(input, nowMs, Math.max(0, Math.floor(finiteOr(maxEntries, 0))));
  const untilMs = nowMs + Math.max(0, finiteOr(horizonMs, 0));
  let shares: PlanOutput['shares'] = [];
  for (let atMs = nowMs; ;) {
    removeEnded(state, atMs);
    followHours(state, atMs);
    if (isReady(state, atMs)) {
      const decisions = decide(toInput(state, atMs));
      startTrials(state, decisions.start, atMs);
      stopTrials(state, decisions.preempt, atMs);
      shares = decisions.shares;
    }
    const next = nextEvent(state, atMs);
    if (next === null || next > untilMs) break;
    if (state.credits !== null) state.credits = settle(state.credits, shares, next - atMs);
    atMs = next;
  }
  return { entries: state.considered.flatMap((trial) => toEntry(state, trial)), clearAtMs: clearTimes(state, nowMs) };
}

/** @returns the next time after `atMs` at which something ends or a pool opens, or null. */
function nextEvent(state: Simulated, atMs: number): number | null {
  let next = Infinity;
  for (const { endsAtMs } of state.active) if (endsAtMs > atMs && endsAtMs < next) next = endsAtMs;
  if (state.queued.length > 0) {
    for (const pool of state.pools) next = Math.min(next, nextOpening(state, pool, atMs) ?? Infinity);
  }
  if (state.hasHolds) {
    for (const trial of state.queued) {
      const endsAtMs = holdEndOf(trial);
      if (endsAtMs !== null && endsAtMs > atMs && endsAtMs < next) next = endsAtMs;
    }
  }
  return next === Infinity ? null : next;
}

function toEntry(state: Simulated, trial: PlanTrial): ForecastEntry[] {
  if (typeof trial.id !== 'number') return [];
  const start = state.starts.get(trial.id);
  const endsAtMs = start === undefined ? Infinity : endOf(trial, start.atMs);
  return [
    {
      trialId: trial.id,
      poolId: trial.poolId,
      startAtMs: start === undefined ? null : Math.round(start.atMs),
      endAtMs: endsAtMs === Infinity ? null : Math.round(endsAtMs),
      slots: start === undefined ? [] : [...start.slots],
      basis: trial.estimateBasis,
    },
  ];
}

function clearTimes(state: Simulated, nowMs: number): Record<string, number | null> {
  const unknown = new Set<string>(state.cutOff);
  const started = new Set<TrialKey>(state.starts.keys());
  for (const trial of state.considered) if (!started.has(trial.id)) unknown.add(trial.poolId);
  for (const { trial, endsAtMs } of state.active) if (endsAtMs === Infinity) unknown.add(trial.poolId);
  for (const trial of state.queued) unknown.add(trial.poolId);
  const clear: Record<string, number | null> = {};
  for (const { id } of state.pools) {
    const last = Math.max(nowMs, state.lastEndMs.get(id) ?? nowMs);
    clear[id] = unknown.has(id) ? null : Math.round(last);
  }
  return clear;
}
