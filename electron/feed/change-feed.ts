/**
 * The change feed: turns commits into frames for everyone who listens, with the rows as they are now.
 * Commits of one turn of the event loop become one `changes` frame; progress is sent a few times a second at most.
 */
import type { Changes } from '../contract/feed.ts';
import type { Trial } from '../contract/trials.ts';
import type { FeedFrame } from '../ports/engine-api.ts';

const LIVE_EVERY_MS = 400;

/** What a committed transaction changed. */
export interface Committed {
  readonly seq: number;
  readonly trialIds: ReadonlySet<number>;
  readonly removedTrialIds: ReadonlySet<number>;
  readonly poolIds: ReadonlySet<string>;
}

export interface FeedDeps {
  readonly readTrial: (id: number) => Trial | null;
  readonly readPool: (id: string) => Changes['pools'][number] | null;
}

export interface Feed {
  /** @param isScreen somebody looks at it: readings are then taken at the fast pace and plans are published */
  subscribe(listener: (frame: FeedFrame) => void, isScreen: boolean): () => void;
  publish(frame: FeedFrame): void;
  committed(commit: Committed): void;
  /** The live fields of a trial changed (progress, activity). */
  touchLive(trialId: number): void;
  hasScreen(): boolean;
  /** What changed, as one frame's worth. */
  changes(seq: number, trialIds: Iterable<number>, poolIds: Iterable<string>): Changes;
  close(): void;
}

export function createFeed(deps: FeedDeps): Feed {
  const listeners = new Set<(frame: FeedFrame) => void>();
  const screens = new Set<(frame: FeedFrame) => void>();
  let trials = new Set<number>();
  let pools = new Set<string>();
  let seq = 0;
  let pending: NodeJS.Immediate | null = null;
  let live = new Set<number>();
  let liveTimer: NodeJS.Timeout | null = null;

  function changes(atSeq: number, trialIds: Iterable<number>, poolIds: Iterable<string>): Changes {
    const frame: Changes = { seq: atSeq, trials: [], removedTrials: [], pools: [], removedPools: [] };
    for (const id of trialIds) {
      const trial = deps.readTrial(id);
      if (trial === null) frame.removedTrials.push(id);
      else frame.trials.push(trial);
    }
    for (const id of poolIds) {
      const pool = deps.readPool(id);
      if (pool === null) frame.removedPools.push(id);
      else frame.pools.push(pool);
    }
    return frame;
  }

  function publish(frame: FeedFrame): void {
    for (const listener of listeners) listener(frame);
  }

  function flush(): void {
    pending = null;
    const trialIds = trials;
    const poolIds = pools;
    trials = new Set();
    pools = new Set();
    if (listeners.size > 0) publish({ event: 'changes', data: changes(seq, trialIds, poolIds) });
  }

  function flushLive(): void {
    liveTimer = null;
    const ids = live;
    live = new Set();
    const rows = [];
    for (const id of ids) {
      const trial = deps.readTrial(id);
      if (trial !== null)
        rows.push({
          id,
          progress: trial.progress,
          step: trial.step,
          remainingMs: trial.remainingMs,
          activity: trial.activity,
          unsaved: trial.unsaved,
        });
    }
    if (rows.length > 0) publish({ event: 'live', data: { trials: rows } });
  }

  return {
    subscribe(listener, isScreen) {
      listeners.add(listener);
      if (isScreen) screens.add(listener);
      return () => {
        listeners.delete(listener);
        screens.delete(listener);
      };
    },
    publish,
    committed(commit) {
      seq = commit.seq;
      for (const id of commit.trialIds) trials.add(id);
      for (const id of commit.removedTrialIds) trials.add(id);
      for (const id of commit.poolIds) pools.add(id);
      if (trials.size > 0 || pools.size > 0) pending ??= setImmediate(flush);
    },
    touchLive(trialId) {
      if (listeners.size === 0) return;
      live.add(trialId);
      liveTimer ??= setTimeout(flushLive, LIVE_EVERY_MS);
    },
    hasScreen: () => screens.size > 0,
    changes,
    close() {
      if (pending !== null) clearImmediate(pending);
      if (liveTimer !== null) clearTimeout(liveTimer);
      listeners.clear();
      screens.clear();
    },
  };
}
