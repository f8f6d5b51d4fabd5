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
import { countDone, listRecentlyDone, readList, type ListPlace, type TrialRow } from '../../store/trials.ts';
import { takeTurns } from '../../ports/turns.ts';

const DONE_IN_SNAPSHOT = 200;
/** Rows that are read at once. */
const ROWS_AT_ONCE = 50;

export interface FeedService {
  /** What is long in it, part by part. */
  state(): Promise<Omit<StateSnapshot, 'trials'> & { readonly trials: AsyncIterable<readonly Trial[]> }>;
  /** A screen: somebody looks. @returns the function that ends it */
  subscribe(listener: (frame: FeedFrame) => void): () => void;
  /** The frames a client that last saw `seq` needs before it can follow; a lone resync frame when it was away too long. */
  catchUp(seq: number | null): Promise<FeedFrame[]>;
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

  /** In the order of the queue. What changes while they are read comes with the feed: it is asked for what came after `seq`. */
  async function* readTrials(): AsyncGenerator<Trial[]> {
    const pace = await takeTurns();
    const seen = new Set<number>();
    const showNew = (rows: readonly TrialRow[]): Trial[] => {
      const fresh = rows.filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      return fresh.map(deps.toTrial);
    };
    for (let place: ListPlace | null = null; ;) {
      const piece = readList(db, { archived: null, isDone: false }, place, ROWS_AT_ONCE);
      const live = piece.map(({ row }) => row).filter(({ state }) => state !== 'done');
      yield showNew(live);
      place = piece.at(-1)?.place ?? null;
      if (live.length < ROWS_AT_ONCE) break;
      await pace.step();
    }
    yield showNew(listRecentlyDone(db, DONE_IN_SNAPSHOT));
  }

  return {
    async state() {
      await deps.firstReading();
      return {
        seq: store.seq(),
        nowMs: deps.nowMs(),
        engine: deps.engineInfo(),
        pools: listPools(db),
        doneCount: countDone(db),
        gpus: deps.gpuStatus(),
        plan: deps.planView(),
        notices: deps.notices(),
        settings: readSettings(db),
        trials: readTrials(),
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
