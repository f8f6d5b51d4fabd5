/**
 * The mirror of the engine's state. Written by feed.ts only, with three exceptions: reordering is optimistic
 * (optimistic.ts), `connection` is shared with the login flow, and `elsewhere` holds what was found by a search.
 *
 * Invariants: `trials` is a new wrapper object whenever a trial changed, its map is changed in place (10,000 rows
 * are not copied for one); `live` holds the fast-changing fields of active trials so that rows, not the list, redraw.
 */
import { create } from 'zustand';
import type {
  EngineInfo,
  ForecastEntry,
  Notice,
  PlanView,
  StateSnapshot,
  WaitingReason,
  FeedFrames,
} from '../../electron/contract/feed.ts';
import type { GpuStatus } from '../../electron/contract/gpus.ts';
import type { Pool } from '../../electron/contract/pools.ts';
import type { Settings } from '../../electron/contract/settings.ts';
import type { Trial } from '../../electron/contract/trials.ts';

/** loading: no data yet; live; lost: the last data stays on screen, greyed; login: the engine wants a login link. */
export type Connection = 'loading' | 'live' | 'lost' | 'login';

export interface LiveFields {
  readonly progress: number | null;
  readonly step: number | null;
  readonly remainingMs: number | null;
  readonly activity: string | null;
  readonly unsaved: Trial['unsaved'];
}

export interface TrialTable {
  readonly byId: Map<number, Trial>;
}

export interface PlanIndex {
  readonly madeAtMs: number;
  readonly waiting: ReadonlyMap<number, WaitingReason>;
  readonly forecast: ReadonlyMap<number, ForecastEntry>;
  readonly entries: readonly ForecastEntry[];
  readonly clearAtMs: PlanView['clearAtMs'];
}

/** One GPU reading kept for the sparkline: utilisation in percent, null where the tool did not say. */
export interface UsePoint {
  readonly atMs: number;
  readonly pct: number | null;
}

export interface EngineState {
  readonly connection: Connection;
  readonly lostSinceMs: number | null;
  /** The engine said that it is coming up. */
  readonly isStarting: boolean;
  /** Engine clock minus this machine's clock. */
  readonly skewMs: number;
  readonly seq: number;
  readonly engine: EngineInfo | null;
  readonly pools: readonly Pool[];
  readonly trials: TrialTable;
  /** Finished trials that were found beyond those: the snapshot carries the newest only. */
  readonly elsewhere: ReadonlyMap<number, Trial>;
  readonly live: ReadonlyMap<number, LiveFields>;
  readonly gpus: GpuStatus | null;
  readonly useHistory: ReadonlyMap<string, readonly UsePoint[]>;
  readonly plan: PlanIndex;
  readonly notices: readonly Notice[];
  readonly settings: Settings | null;
  /** What rented machines cost now; null = not read yet. */
  readonly cloud: FeedFrames['cloud'] | null;
}

const EMPTY_PLAN: PlanIndex = { madeAtMs: 0, waiting: new Map(), forecast: new Map(), entries: [], clearAtMs: {} };

export const useEngine = create<EngineState>()(() => ({
  connection: 'loading',
  lostSinceMs: null,
  isStarting: false,
  skewMs: 0,
  seq: 0,
  engine: null,
  pools: [],
  trials: { byId: new Map() },
  elsewhere: new Map(),
  live: new Map(),
  gpus: null,
  useHistory: new Map(),
  plan: EMPTY_PLAN,
  notices: [],
  settings: null,
  cloud: null,
}));

/** @returns a trial, whether the feed carries it or it was found among the older ones */
export const findTrial = (state: Pick<EngineState, 'trials' | 'elsewhere'>, id: number): Trial | undefined =>
  state.trials.byId.get(id) ?? state.elsewhere.get(id);

/** Keeps trials that were found, so that they can be inspected and acted on. */
export function rememberTrials(trials: readonly Trial[]): void {
  useEngine.setState((state) => {
    const unknown = trials.filter((trial) => !state.trials.byId.has(trial.id));
    if (unknown.length === 0) return state;
    return { elsewhere: new Map([...state.elsewhere, ...unknown.map((trial) => [trial.id, trial] as const)]) };
  });
}

/** @returns the engine's clock now, in milliseconds since 1970. */
export const engineNow = (): number => Date.now() + useEngine.getState().skewMs;

/** @returns the plan with its lists turned into maps by trial. */
export function indexPlan(plan: PlanView): PlanIndex {
  return {
    madeAtMs: plan.madeAtMs,
    waiting: new Map(plan.waiting.map((entry) => [entry.trialId, entry.reason])),
    forecast: new Map(plan.forecast.map((entry) => [entry.trialId, entry])),
    entries: plan.forecast,
    clearAtMs: plan.clearAtMs,
  };
}

const HISTORY_MS = 5 * 60_000;

/** The last few minutes of every GPU: as the engine remembers them, else what came in since the page was opened. */
export function appendUse(
  history: EngineState['useHistory'],
  status: GpuStatus,
  nowMs: number,
): EngineState['useHistory'] {
  const atMs = status.takenAtMs ?? nowMs;
  return new Map(
    status.gpus.map((gpu) => {
      const remembered = status.history?.[gpu.uuid];
      if (remembered !== undefined) {
        const points = remembered
          .filter((point) => point.atMs > atMs - HISTORY_MS)
          .map((point) => ({ atMs: point.atMs, pct: point.utilizationPct }));
        return [gpu.uuid, points];
      }
      const before = history.get(gpu.uuid) ?? [];
      if (before.at(-1)?.atMs === atMs) return [gpu.uuid, before];
      const recent = before.filter((point) => point.atMs > atMs - HISTORY_MS);
      return [gpu.uuid, [...recent, { atMs, pct: status.stale ? null : gpu.utilizationPct }]];
    }),
  );
}

/** Replaces everything with a snapshot. */
export function applySnapshot(snapshot: StateSnapshot): void {
  const skewMs = snapshot.nowMs - Date.now();
  useEngine.setState((state) => ({
    connection: 'live',
    lostSinceMs: null,
    isStarting: false,
    skewMs,
    seq: snapshot.seq,
    engine: snapshot.engine,
    pools: sortPools(snapshot.pools),
    trials: { byId: new Map(snapshot.trials.map((trial) => [trial.id, trial])) },
    live: new Map(),
    gpus: snapshot.gpus,
    useHistory: appendUse(state.useHistory, snapshot.gpus, snapshot.nowMs),
    plan: indexPlan(snapshot.plan),
    notices: snapshot.notices,
    settings: snapshot.settings,
  }));
}

/** The default pool first, then by name. */
export function sortPools(pools: readonly Pool[]): readonly Pool[] {
  return [...pools].sort((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.name.localeCompare(b.name));
}
