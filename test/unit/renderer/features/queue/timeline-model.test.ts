import { expect, test } from 'vitest';
import { buildLanes, chooseHorizon, ticksOf } from '../../../../../renderer/features/queue/timeline-model.ts';
import type { SlotView } from '../../../../../electron/contract/gpus.ts';
import type { ForecastEntry } from '../../../../../electron/contract/feed.ts';
import type { Pool } from '../../../../../electron/contract/pools.ts';
import { makeTrial } from '../../../../fakes/trial.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = new Date(2026, 10, 20, 17, 0).getTime();
const pool = { id: 'workstation' } as Pool;
const slot = (uuid: string, fields: Partial<SlotView> = {}): SlotView => ({
  uuid,
  gpuUuid: uuid,
  label: `GPU ${uuid}`,
  name: 'x',
  poolId: 'workstation',
  keptBack: false,
  placeable: true,
  blockedReason: null,
  totalMiB: null,
  freeMiB: null,
  raiseThresholdToMiB: null,
  foreignMiB: null,
  foreignBy: null,
  trialIds: [],
  ...fields,
});
const entry = (trialId: number, startH: number, endH: number | null, slots: string[]): ForecastEntry => ({
  trialId,
  poolId: 'workstation',
  startAtMs: NOW_MS + startH * HOUR_MS,
  endAtMs: endH === null ? null : NOW_MS + endH * HOUR_MS,
  slots,
  basis: 'history',
});

test('a trial on two GPUs has a bar in both lanes; a GPU in use by others says so until its first trial', () => {
  const byId = new Map(
    [
      makeTrial({ id: 1, state: 'running', startedAtMs: NOW_MS - HOUR_MS, leaseSlots: ['a'] }),
      makeTrial({ id: 2 }),
    ].map((trial) => [trial.id, trial]),
  );
  const entries = [entry(1, -1, 1, ['a']), entry(2, 1, 2, ['a', 'b'])];
  const lanes = buildLanes(
    entries,
    [slot('a', { trialIds: [1] }), slot('b', { placeable: false, foreignBy: 'jupyter (pid 7)' })],
    pool,
    byId,
    NOW_MS - HOUR_MS,
    NOW_MS + 3 * HOUR_MS,
    NOW_MS,
  );
  expect(lanes.map((lane) => lane.bars.map((bar) => bar.trialId))).toEqual([
    [1, 2],
    [null, 2],
  ]);
  expect(lanes[1]!.bars[0]).toMatchObject({ label: 'in use by jupyter (pid 7)', endMs: NOW_MS + HOUR_MS });
});

test('trials without a GPU share lanes, and an unknown end blocks its lane', () => {
  const byId = new Map([1, 2, 3, 4].map((id) => [id, makeTrial({ id, slots: 0 })]));
  const lanes = buildLanes(
    [entry(1, 0, 1, []), entry(2, 0, null, []), entry(3, 1, 2, []), entry(4, 2, 3, [])],
    [],
    pool,
    byId,
    NOW_MS,
    NOW_MS + 4 * HOUR_MS,
    NOW_MS,
  );
  expect(lanes.map((lane) => lane.bars.map((bar) => bar.trialId))).toEqual([[1, 3, 4], [2]]);
});

test('lanes without a GPU stay when their trials are gone', () => {
  const keys = (least: number): string[] =>
    buildLanes([], [], pool, new Map(), NOW_MS, NOW_MS + HOUR_MS, NOW_MS, least).map(({ key }) => key);
  expect(keys(0)).toEqual([]);
  expect(keys(2)).toEqual(['cpu0', 'cpu1']);
});

test('the axis shows at most a day and at most eight round times', () => {
  const { startMs, endMs } = chooseHorizon([entry(1, 0, 90, [])], new Map(), NOW_MS);
  expect(endMs - NOW_MS).toBeLessThanOrEqual(24 * HOUR_MS * 1.03);
  const ticks = ticksOf(startMs, endMs);
  expect(ticks.length).toBeGreaterThan(3);
  expect(ticks.length).toBeLessThanOrEqual(8);
  expect(ticks.every((at) => at % (30 * 60_000) === 0)).toBe(true);
});
