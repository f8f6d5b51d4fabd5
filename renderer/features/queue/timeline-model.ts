/** Lays the forecast out in lanes. Pure: times in, bars out. */
import type { ForecastEntry } from '../../../electron/contract/feed.ts';
import type { SlotView } from '../../../electron/contract/gpus.ts';
import type { Pool } from '../../../electron/contract/pools.ts';
import type { Trial } from '../../../electron/contract/trials.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SHORTEST_MS = 30 * MINUTE_MS;
const LONGEST_MS = 24 * HOUR_MS;
const MAX_CPU_LANES = 4;
const MAX_BARS = 400;
const STEPS_MS = [5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * MINUTE_MS);
const MAX_TICKS = 8;

export interface Bar {
  readonly key: string;
  /** null: somebody else's use. */
  readonly trialId: number | null;
  readonly name: string;
  readonly label: string;
  /** Follows the label where there is room. */
  readonly note?: string;
  readonly kind: 'running' | 'coming' | 'foreign';
  readonly startMs: number;
  /** null: nobody knows. */
  readonly endMs: number | null;
}

export interface Lane {
  readonly key: string;
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** From a little before now to when the queue is clear: at least half an hour, at most a day. */
export function chooseHorizon(
  entries: readonly ForecastEntry[],
  byId: ReadonlyMap<number, Trial>,
  nowMs: number,
): { startMs: number; endMs: number } {
  let lastMs = nowMs + SHORTEST_MS;
  let firstMs = nowMs;
  for (const entry of entries) {
    lastMs = Math.max(lastMs, entry.endAtMs ?? entry.startAtMs ?? 0);
    const started = byId.get(entry.trialId)?.startedAtMs;
    if (entry.startAtMs !== null && entry.startAtMs <= nowMs && started != null) firstMs = Math.min(firstMs, started);
  }
  const span = Math.min(LONGEST_MS, lastMs - nowMs) * 1.03;
  // What runs began in the past: show some of it, but the screen belongs to what comes.
  return { startMs: Math.max(firstMs, nowMs - span * 0.15), endMs: nowMs + span };
}

/** @returns round times of day, at most eight. */
export function ticksOf(startMs: number, endMs: number): number[] {
  const step = STEPS_MS.find((each) => (endMs - startMs) / each <= MAX_TICKS) ?? STEPS_MS.at(-1)!;
  const midnight = new Date(startMs).setHours(0, 0, 0, 0);
  const ticks: number[] = [];
  for (let at = midnight + Math.ceil((startMs - midnight) / step) * step; at < endMs - step * 0.25; at += step)
    ticks.push(at);
  return ticks;
}

/**
 * One lane per slot of the pool; trials without a GPU share the lanes below.
 * @param leastCpuLanes so many of those are drawn even if they are empty: what is below them stays where it is
 */
export function buildLanes(
  entries: readonly ForecastEntry[],
  slots: readonly SlotView[],
  pool: Pool,
  byId: ReadonlyMap<number, Trial>,
  startMs: number,
  endMs: number,
  nowMs: number,
  leastCpuLanes = 0,
): Lane[] {
  const bySlot = new Map<string, Bar[]>();
  const cpu: Bar[][] = [];
  let drawn = 0;
  for (const entry of entries) {
    if (entry.startAtMs === null || entry.startAtMs > endMs || drawn >= MAX_BARS) continue;
    const trial = byId.get(entry.trialId);
    if (trial === undefined || trial.state === 'done') continue;
    drawn += 1;
    const active = trial.state !== 'queued' && trial.state !== 'paused';
    const bar: Bar = {
      key: String(entry.trialId),
      trialId: entry.trialId,
      name: trial.name,
      kind: active ? 'running' : 'coming',
      label: `#${entry.trialId}`,
      ...(entry.slots.length > 1 ? { note: `· ${entry.slots.length} GPUs` } : {}),
      startMs: Math.max(startMs, active ? (trial.startedAtMs ?? entry.startAtMs) : entry.startAtMs),
      endMs: entry.endAtMs,
    };
    if (entry.slots.length === 0) placeOnCpu(cpu, bar);
    for (const uuid of entry.slots) push(bySlot, uuid, bar);
  }
  const lanes: Lane[] = slots
    .filter((slot) => slot.poolId === pool.id)
    .map((slot) => {
      const bars = bySlot.get(slot.uuid) ?? [];
      const foreign = slot.foreignBy !== null && !slot.placeable && slot.trialIds.length === 0;
      const next = Math.min(...bars.map((bar) => bar.startMs));
      const label = slot.keptBack ? 'kept back' : foreign ? `in use by ${slot.foreignBy}` : (slot.blockedReason ?? '');
      const blocked = !slot.placeable && slot.trialIds.length === 0 && label !== '';
      const block: Bar = {
        key: 'foreign',
        trialId: null,
        name: '',
        label,
        kind: 'foreign',
        startMs: nowMs,
        endMs: Number.isFinite(next) ? next : null,
      };
      return { key: slot.uuid, label: slot.label, bars: blocked ? [block, ...bars] : bars };
    });
  while (cpu.length < leastCpuLanes) cpu.push([]);
  cpu
    .slice(0, MAX_CPU_LANES)
    .forEach((bars, index) => lanes.push({ key: `cpu${index}`, label: index === 0 ? 'CPU' : '', bars }));
  return lanes;
}

function push(map: Map<string, Bar[]>, key: string, bar: Bar): void {
  const bars = map.get(key);
  if (bars === undefined) map.set(key, [bar]);
  else bars.push(bar);
}

/** First lane where the bar fits. */
function placeOnCpu(lanes: Bar[][], bar: Bar): void {
  const lane = lanes.find((bars) => {
    const last = bars.at(-1);
    return last !== undefined && last.endMs !== null && last.endMs <= bar.startMs;
  });
  if (lane === undefined) lanes.push([bar]);
  else lane.push(bar);
}
