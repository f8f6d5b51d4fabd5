/**
 * What the shell around the window needs to know of the engine: how many trials are active and queued, the pools and
 * the settings. One snapshot, then the feed; a resync or a new connection fetches the snapshot again.
 */
import type { FeedFrames, StateSnapshot } from '../contract/feed.ts';
import type { Pool } from '../contract/pools.ts';
import { API_PREFIX } from '../contract/api-prefix.ts';
import { DEFAULT_SETTINGS, type Settings } from '../contract/settings.ts';
import { ACTIVE_STATES, type TrialState } from '../contract/states.ts';
import type { FeedFrame } from '../ports/engine-api.ts';
import type { TrialCounts } from './tray-text.ts';

/** An engine, in this process or behind its socket. */
export interface WatchedEngine {
  fetch(request: Request): Promise<Response>;
  /** @param onConnection called with true when the feed (re)starts and false when it is lost; returns the unsubscribe function */
  subscribe(onFrame: (frame: FeedFrame) => void, onConnection: (isConnected: boolean) => void): () => void;
}

export interface EngineMirror {
  counts(): TrialCounts;
  pools(): readonly Pool[];
  settings(): Settings;
  isReachable(): boolean;
  /** Whether a snapshot has been read; before that the settings are the defaults and nothing is counted. */
  isLoaded(): boolean;
  /** Called after anything above changed. */
  onChange(listener: () => void): void;
  /** Called once for every trial that ends while we watch. */
  onFinished(listener: (finished: FeedFrames['finished']) => void): void;
  /** Pauses or resumes every pool. Never rejects: one that could not be changed is logged. */
  actOnAllPools(action: 'pause' | 'resume'): Promise<void>;
  /** Reads the snapshot anew: after a sleep a connection may be one to nobody. Never rejects. */
  lookAgain(): Promise<void>;
  close(): void;
}

const ACTIVE: ReadonlySet<TrialState> = new Set(ACTIVE_STATES);

export function createEngineMirror(link: WatchedEngine, log: (message: string, error: unknown) => void): EngineMirror {
  let seq = -1;
  let isReachable = true;
  let settings: Settings = DEFAULT_SETTINGS;
  const trials = new Map<number, TrialState>();
  const pools = new Map<string, Pool>();
  const listeners: (() => void)[] = [];
  const finishedListeners: ((finished: FeedFrames['finished']) => void)[] = [];
  /** Changes that came while a snapshot was on its way; null when none is. */
  let waiting: FeedFrames['changes'][] | null = null;
  /** A resync came meanwhile: the snapshot on its way may be too old. */
  let loadAgain = false;

  const tell = () => {
    for (const listener of listeners) listener();
  };

  function apply(changes: FeedFrames['changes']): void {
    if (changes.seq <= seq) return;
    seq = changes.seq;
    for (const trial of changes.trials) {
      if (trial.state === 'done') trials.delete(trial.id);
      else trials.set(trial.id, trial.state);
    }
    for (const id of changes.removedTrials) trials.delete(id);
    for (const pool of changes.pools) pools.set(pool.id, pool);
    for (const id of changes.removedPools) pools.delete(id);
  }

  async function load(): Promise<void> {
    if (waiting !== null) {
      loadAgain = true;
      return;
    }
    waiting = [];
    try {
      const response = await link.fetch(new Request(`http://localhost${API_PREFIX}/state`));
      if (!response.ok) throw new Error(`the engine answered ${response.status}`);
      const state = (await response.json()) as StateSnapshot;
      seq = state.seq;
      settings = state.settings;
      trials.clear();
      pools.clear();
      for (const trial of state.trials) if (trial.state !== 'done') trials.set(trial.id, trial.state);
      for (const pool of state.pools) pools.set(pool.id, pool);
      isReachable = true;
    } catch (error) {
      log('the state of the engine could not be read', error);
      isReachable = false;
    }
    const missed: FeedFrames['changes'][] = waiting;
    waiting = null;
    for (const changes of missed) apply(changes);
    tell();
    if (loadAgain) {
      loadAgain = false;
      await load();
    }
  }

  function onFrame(frame: FeedFrame): void {
    switch (frame.event) {
      case 'changes':
        if (waiting !== null) waiting.push(frame.data);
        else {
          apply(frame.data);
          tell();
        }
        return;
      case 'settings':
        settings = frame.data;
        tell();
        return;
      case 'finished':
        for (const listener of finishedListeners) listener(frame.data);
        return;
      case 'resync':
        void load();
        return;
      default:
      // Everything else is for the window.
    }
  }

  const unsubscribe = link.subscribe(onFrame, (isConnected) => {
    if (isConnected) void load();
    else {
      isReachable = false;
      tell();
    }
  });

  return {
    counts() {
      let active = 0;
      let queued = 0;
      let paused = 0;
      for (const state of trials.values()) {
        if (ACTIVE.has(state)) active += 1;
        else if (state === 'queued') queued += 1;
        else if (state === 'paused') paused += 1;
      }
      return { active, queued, paused };
    },
    pools: () => [...pools.values()],
    settings: () => settings,
    isReachable: () => isReachable,
    isLoaded: () => seq >= 0,
    onChange(listener) {
      listeners.push(listener);
    },
    onFinished(listener) {
      finishedListeners.push(listener);
    },
    async actOnAllPools(action) {
      for (const id of pools.keys()) {
        try {
          const response = await link.fetch(
            new Request(`http://localhost${API_PREFIX}/pools/${encodeURIComponent(id)}/actions`, {
              method: 'POST',
              body: JSON.stringify({ action }),
              headers: { 'content-type': 'application/json' },
            }),
          );
          if (!response.ok) throw new Error(`the engine answered ${response.status}`);
        } catch (error) {
          log(`pool ${id} could not be changed`, error);
        }
      }
    },
    lookAgain: load,
    close: unsubscribe,
  };
}
