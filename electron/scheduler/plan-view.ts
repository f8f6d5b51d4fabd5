/** The last plan as the screen shows it: reasons, forecast, and the forecast a move would bring. */
import type { ForecastEntry, PlanView } from '../contract/feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { TrialRow } from '../store/trials.ts';
import { forecast } from './forecast/forecast.ts';
import type { SchedulerLoop } from './loop.ts';
import type { PlanInput, PlanTrial } from './plan/model.ts';
import { moveInLines } from './plan/lines.ts';
import type { QueueIndex } from './queue-index.ts';
import type { World } from './world.ts';

export const REASONS_PER_POOL = 500;
const FORECAST_ENTRIES = 300;
/** Bars beyond this are of no use on the timeline. */
const HORIZON_MS = 7 * 24 * 3600 * 1000;
/** A forecast asked for again within this time is the same one. */
const FRESH_MS = 400;

export interface PlanViews {
  current(): PlanView;
  /** The forecast of these trials as it is, and as it would be with their new places. */
  preview(moved: readonly TrialRow[]): { before: ForecastEntry[]; after: ForecastEntry[] };
}

export function createPlanView(deps: {
  readonly clock: Clock;
  readonly loop: SchedulerLoop;
  readonly world: World;
  readonly index: QueueIndex;
}): PlanViews {
  let cached: { view: PlanView; output: unknown } | null = null;

  return {
    current() {
      const latest = deps.loop.latest();
      const nowMs = deps.clock.nowMs();
      if (latest === null) return { madeAtMs: nowMs, waiting: [], forecast: [], clearAtMs: {} };
      if (cached !== null && cached.output === latest.output && nowMs - cached.view.madeAtMs < FRESH_MS)
        return cached.view;
      const perPool = new Map<string, number>();
      const waiting: PlanView['waiting'] = [];
      for (const { id, reason } of latest.output.waiting) {
        // What is no longer queued does not wait.
        const poolId = deps.index.get(Number(id))?.poolId;
        if (poolId === undefined) continue;
        const count = perPool.get(poolId) ?? 0;
        if (count >= REASONS_PER_POOL) continue;
        perPool.set(poolId, count + 1);
        waiting.push({ trialId: Number(id), reason });
      }
      // The world as it is now: what the last plan started is running in it.
      const input = deps.world.read();
      const ahead = forecast(input, HORIZON_MS, FORECAST_ENTRIES);
      const view: PlanView = {
        madeAtMs: nowMs,
        waiting,
        forecast: [...input.active.map((trial) => running(trial, input.nowMs)), ...ahead.entries],
        clearAtMs: { ...ahead.clearAtMs },
      };
      cached = { view, output: latest.output };
      return view;
    },

    preview(moved) {
      const input = deps.world.read();
      const ids = new Set<PlanTrial['id']>(moved.map(({ id }) => id));
      const pick = (world: PlanInput): ForecastEntry[] =>
        forecast(world, HORIZON_MS, FORECAST_ENTRIES).entries.filter((entry) => ids.has(entry.trialId));
      const moves = moved.flatMap(({ id, poolId, priority, rank }) => {
        const trial = deps.index.get(id);
        return trial === undefined ? [] : [{ trial, to: { poolId, priority, rank } }];
      });
      return { before: pick(input), after: pick({ ...input, lines: moveInLines(input, moves, FORECAST_ENTRIES) }) };
    },
  };
}

/** What runs is part of the timeline, too. Its start is in the trial's row; here it counts from now. */
function running(trial: PlanTrial, nowMs: number): ForecastEntry {
  return {
    trialId: Number(trial.id),
    poolId: trial.poolId,
    startAtMs: nowMs,
    endAtMs: trial.remainingMs === null ? null : Math.round(nowMs + trial.remainingMs),
    slots: [...trial.lease],
    basis: trial.estimateBasis,
  };
}
