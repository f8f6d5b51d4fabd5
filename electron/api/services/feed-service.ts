/** The state as one snapshot, and the frames after it. */
import type { EngineInfo, Notice, PlanView, StateSnapshot } from '../../contract/feed.ts';
import type { GpuStatus } from '../../contract/gpus.ts';
import type { Trial } from '../../contract/trials.ts';
import { catchUp } from '../../feed/catch-up.ts';
import type { Feed } from '../../feed/change-feed.ts';
import type { FeedFrame } from '../../ports/engine-api.ts';
import type { Store } from '../../store/database.ts';
import { listPools } from '../../store/pools.ts';
import { readSettings } from '../../store/settings.ts';
import { countDone, listLiveTrials, listRecentlyDone, type TrialRow } from '../../store/trials.ts';

const DONE_IN_SNAPSHOT = 200;

export interface FeedService {
  state(): Promise<StateSnapshot>;
  /** A screen: somebody looks. @returns the function that ends it */
  subscribe(listener: (frame: FeedFrame) => void): () => void;
  /** The frames a client that last saw `seq` needs before it can follow; a lone resync frame when it was away too long. */
  catchUp(seq: number | null): FeedFrame[];
}

export interface FeedServiceDeps {
  readonly store: Store;
  readonly feed: Feed;
  readonly nowMs: () => number;
  readonly toTrial: (row: TrialRow) => Trial;
  readonly engineInfo: () => EngineInfo;
  readonly gpuStatus: () => GpuStatus;
  readonly planView: () => PlanView;
  readonly notices: () => Notice[];
  /** Settles when the machine has been read once. */
  readonly firstReading: () => Promise<void>;
  /** Somebody began to look. */
  readonly screenCame: () => void;
}

export function createFeedService(deps: FeedServiceDeps): FeedService {
  const { store, feed } = deps;
  const { db } = store;
  return {
    async state() {
      await deps.firstReading();
      return {
        seq: store.seq(),
        nowMs: deps.nowMs(),
        engine: deps.engineInfo(),
        pools: listPools(db),
        trials: [...listLiveTrials(db), ...listRecentlyDone(db, DONE_IN_SNAPSHOT)].map(deps.toTrial),
        doneCount: countDone(db),
        gpus: deps.gpuStatus(),
        plan: deps.planView(),
        notices: deps.notices(),
        settings: readSettings(db),
      };
    },
    subscribe(listener) {
      const stop = feed.subscribe(listener, true);
      deps.screenCame();
      return stop;
    },
    catchUp: (seq) =>
      catchUp(store, feed, seq, () => [
        { event: 'gpus', data: deps.gpuStatus() },
        { event: 'plan', data: deps.planView() },
        { event: 'notices', data: deps.notices() },
        { event: 'settings', data: readSettings(db) },
      ]),
  };
}
