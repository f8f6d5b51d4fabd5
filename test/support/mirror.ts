/**
 * The engine's state as a screen sees it: one snapshot, then the feed. Tests wait for conditions on it instead of sleeping.
 * It ends with the engine it was opened on.
 */
import type { Changes, Notice, PlanView, StateSnapshot } from '../../electron/contract/feed.ts';
import type { GpuStatus } from '../../electron/contract/gpus.ts';
import type { Pool } from '../../electron/contract/pools.ts';
import type { Trial } from '../../electron/contract/trials.ts';
import { readEvents } from '../../electron/client/event-stream.ts';
import { EngineGone, type ApiClient } from './api-client.ts';

export interface MirrorState {
  readonly trials: ReadonlyMap<number, Trial>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly gpus: GpuStatus;
  readonly plan: PlanView;
  readonly notices: readonly Notice[];
  /** The sentence why a trial waits; null when the plan names none. */
  reasonOf(trialId: number): string | null;
}

export interface Mirror {
  readonly state: MirrorState;
  /**
   * @param condition looked at now and after every change; anything but undefined and false ends the wait
   * @throws Error naming `what` when the deadline passes, EngineGone when the engine ends first
   */
  waitFor<T>(what: string, condition: (state: MirrorState) => T | undefined | false, deadlineMs?: number): Promise<T>;
  close(): void;
}

export const DEFAULT_DEADLINE_MS = 20_000;

interface Waiter {
  check(): void;
  fail(error: Error): void;
}

export async function openMirror(api: ApiClient): Promise<Mirror> {
  const trials = new Map<number, Trial>();
  const pools = new Map<string, Pool>();
  const waiters = new Set<Waiter>();
  const closing = new AbortController();
  let gpus: GpuStatus;
  let plan: PlanView;
  let notices: readonly Notice[];
  let ended = false;

  const snapshot = await api.state();
  take(snapshot);
  const stream = await api.raw(`/events?after=${snapshot.seq}`, closing.signal);
  void follow(stream)
    .catch(() => undefined)
    .finally(() => {
      ended = true;
      for (const waiter of waiters) waiter.fail(new EngineGone('the feed ended'));
    });

  function take(state: StateSnapshot): void {
    trials.clear();
    pools.clear();
    for (const trial of state.trials) trials.set(trial.id, trial);
    for (const pool of state.pools) pools.set(pool.id, pool);
    ({ gpus, plan, notices } = state);
  }

  async function follow({ body }: Response): Promise<void> {
    if (body === null) return;
    for await (const { event, data } of readEvents(body)) {
      if (event === 'changes') apply(JSON.parse(data) as Changes);
      else if (event === 'gpus') gpus = JSON.parse(data) as GpuStatus;
      else if (event === 'plan') plan = JSON.parse(data) as PlanView;
      else if (event === 'notices') notices = JSON.parse(data) as Notice[];
      else if (event === 'resync') take(await api.state());
      else continue;
      for (const waiter of waiters) waiter.check();
    }
  }

  function apply(changes: Changes): void {
    for (const trial of changes.trials) trials.set(trial.id, trial);
    for (const id of changes.removedTrials) trials.delete(id);
    for (const pool of changes.pools) pools.set(pool.id, pool);
    for (const id of changes.removedPools) pools.delete(id);
  }

  const state: MirrorState = {
    trials,
    pools,
    get gpus() {
      return gpus;
    },
    get plan() {
      return plan;
    },
    get notices() {
      return notices;
    },
    reasonOf: (trialId) => plan.waiting.find((entry) => entry.trialId === trialId)?.reason.text ?? null,
  };

  return {
    state,
    waitFor<T>(
      what: string,
      condition: (now: MirrorState) => T | undefined | false,
      deadlineMs = DEFAULT_DEADLINE_MS,
    ): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiter.fail(new Error(`not within ${deadlineMs} ms: ${what}\n${describe(state)}`));
        }, deadlineMs);
        const settle = (): void => {
          clearTimeout(timer);
          waiters.delete(waiter);
        };
        const waiter: Waiter = {
          check() {
            try {
              const value = condition(state);
              if (value === undefined || value === false) return;
              settle();
              resolve(value);
            } catch (error) {
              waiter.fail(error instanceof Error ? error : new Error(String(error)));
            }
          },
          fail(error) {
            settle();
            reject(error);
          },
        };
        waiters.add(waiter);
        waiter.check();
        if (ended) waiter.fail(new EngineGone('the feed has ended'));
      });
    },
    close: () => {
      closing.abort();
    },
  };
}

/** What a person needs to see when a wait was in vain. */
function describe(state: MirrorState): string {
  const lines = [...state.trials.values()]
    .filter((trial) => trial.state !== 'done')
    .slice(0, 20)
    .map(
      (trial) =>
        `  #${trial.id} ${trial.state}${trial.stop === null ? '' : ` (${trial.stop.kind})`} attempt ` +
        `${trial.attempt}: ${state.reasonOf(trial.id) ?? trial.activity ?? ''}`,
    );
  const done = [...state.trials.values()]
    .filter((trial) => trial.state === 'done')
    .slice(-10)
    .map((trial) => `  #${trial.id} ${trial.outcome?.kind ?? ''}: ${trial.outcome?.message ?? ''}`);
  const slots = state.gpus.slots.map(
    (slot) => `  ${slot.label} ${slot.blockedReason ?? 'free'} ${slot.trialIds.join(',')}`,
  );
  return [
    'not done:',
    ...lines,
    'done:',
    ...done,
    'slots:',
    ...slots,
    ...state.notices.map((notice) => `  notice ${notice.id}: ${notice.text}`),
  ].join('\n');
}
