/**
 * Keeps the store in step with the engine: one snapshot, then the change feed.
 *
 * States: connecting (snapshot under way) -> open (event stream) -> waiting (a failure; tries again with growing pauses).
 * `resync`, a gap and every reconnect fetch the snapshot again, so nothing on screen outlives what the engine says.
 * A 401 ends the loop in the login state; it resumes when `startFeed` is called again.
 */
import type { Changes, FeedFrames } from '../../electron/contract/feed.ts';
import { api, apiUrl } from './client.ts';
import { openEventStream, type EventStream } from './event-stream.ts';
import { toApiError } from './problem.ts';
import { appendUse, applySnapshot, engineNow, indexPlan, sortPools, useEngine } from './store.ts';
import type { LiveFields } from './store.ts';

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5_000;

type Listener<K extends keyof FeedFrames> = (data: FeedFrames[K]) => void;
const listeners = new Map<string, Set<(data: never) => void>>();

/** Listens to frames the store does not keep (metrics, finished). @returns the unsubscribe function. */
export function onFeedFrame<K extends 'metrics' | 'finished'>(event: K, listener: Listener<K>): () => void {
  const set = listeners.get(event) ?? new Set();
  listeners.set(event, set);
  set.add(listener as (data: never) => void);
  return () => void set.delete(listener as (data: never) => void);
}

function applyChanges(batch: readonly Changes[]): void {
  useEngine.setState((state) => {
    const byId = state.trials.byId;
    const live = new Map(state.live);
    let pools = state.pools;
    let { elsewhere } = state;
    let trialsChanged = false;
    for (const changes of batch) {
      for (const trial of changes.trials) {
        byId.set(trial.id, trial);
        live.delete(trial.id);
        trialsChanged = true;
      }
      for (const id of changes.removedTrials) {
        byId.delete(id);
        trialsChanged = true;
      }
      // What changes is carried by the feed from then on.
      const known = [...changes.trials.map(({ id }) => id), ...changes.removedTrials].filter((id) => elsewhere.has(id));
      if (known.length > 0) elsewhere = new Map([...elsewhere].filter(([id]) => !known.includes(id)));
      if (changes.pools.length > 0 || changes.removedPools.length > 0) {
        const gone = new Set([...changes.removedPools, ...changes.pools.map((pool) => pool.id)]);
        pools = sortPools([...pools.filter((pool) => !gone.has(pool.id)), ...changes.pools]);
      }
    }
    return {
      seq: batch.at(-1)?.seq ?? state.seq,
      pools,
      live,
      elsewhere,
      trials: trialsChanged ? { byId } : state.trials,
    };
  });
}

function applyLive(frame: FeedFrames['live']): void {
  useEngine.setState((state) => {
    const live = new Map<number, LiveFields>(state.live);
    for (const { id, ...fields } of frame.trials) live.set(id, fields);
    return { live };
  });
}

/** Changes are gathered and applied once per frame: a burst of 1,000 submits redraws once. */
class ChangeBatch {
  private pending: Changes[] = [];
  private scheduled = false;

  add(changes: Changes): void {
    this.pending.push(changes);
    if (this.scheduled) return;
    this.scheduled = true;
    // A hidden window gets no animation frames but must stay in step.
    const run = (): void => this.flush();
    if (document.hidden) setTimeout(run, 100);
    else requestAnimationFrame(run);
  }

  clear(): void {
    this.pending = [];
  }

  private flush(): void {
    this.scheduled = false;
    const batch = this.pending;
    this.pending = [];
    if (batch.length > 0) applyChanges(batch);
  }
}

let source: EventStream | null = null;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let retryMs = RETRY_MIN_MS;
let generation = 0;
const batch = new ChangeBatch();

/** @param isStarting the engine behind a desktop window comes up: no failure, and over soon */
function lose(isStarting = false): void {
  source?.close();
  source = null;
  useEngine.setState((state) => ({
    connection: state.engine === null ? 'loading' : 'lost',
    isStarting,
    lostSinceMs: isStarting ? null : (state.lostSinceMs ?? Date.now()),
  }));
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => void connect(), retryMs);
  if (!isStarting) retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
}

async function connect(): Promise<void> {
  const mine = ++generation;
  source?.close();
  source = null;
  clearTimeout(retryTimer);
  batch.clear();
  try {
    const snapshot = await api.state();
    if (mine !== generation) return;
    applySnapshot(snapshot);
    retryMs = RETRY_MIN_MS;
    open(snapshot.seq, mine);
    void readCloud(mine);
  } catch (error) {
    if (mine !== generation) return;
    const problem = toApiError(error);
    if (problem.status === 401 || problem.status === 403) useEngine.setState({ connection: 'login' });
    else lose(problem.code === 'starting');
  }
}

/** The snapshot does not carry what machines cost; from here on the feed says what changes. */
async function readCloud(mine: number): Promise<void> {
  try {
    const { liveMachines, perHourUsd, perHourIsWhole } = await api.cloudMoney();
    if (mine === generation) useEngine.setState({ cloud: { liveMachines, perHourUsd, perHourIsWhole, attention: 0 } });
  } catch {
    // The next frame brings it; machines that need somebody are a notice of their own.
  }
}

function open(seq: number, mine: number): void {
  const handlers = new Map<string, (data: unknown) => void>();
  const on = <K extends keyof FeedFrames>(event: K, handle: Listener<K>): void => {
    handlers.set(event, handle as (data: unknown) => void);
  };
  const forward = <K extends 'metrics' | 'finished'>(event: K): void => {
    on(event, (data) => listeners.get(event)?.forEach((listener) => (listener as Listener<K>)(data)));
  };
  on('changes', (changes) => batch.add(changes));
  on('live', applyLive);
  on('gpus', (gpus) =>
    useEngine.setState((state) => ({ gpus, useHistory: appendUse(state.useHistory, gpus, engineNow()) })),
  );
  on('plan', (plan) => useEngine.setState({ plan: indexPlan(plan) }));
  on('notices', (notices) => useEngine.setState({ notices }));
  on('settings', (settings) => useEngine.setState({ settings }));
  on('cloud', (cloud) => useEngine.setState({ cloud }));
  on('resync', () => void connect());
  forward('metrics');
  forward('finished');
  source = openEventStream(apiUrl(`/events?after=${seq}`), {
    onEvent: (event, data) => {
      const handle = handlers.get(event);
      if (mine === generation && handle !== undefined) handle(JSON.parse(data));
    },
    onLost: () => {
      if (mine === generation) lose();
    },
  });
}

/** Starts the feed, or starts it over (after a login). */
export function startFeed(): void {
  retryMs = RETRY_MIN_MS;
  void connect();
}
