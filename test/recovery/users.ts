/** Users who submit, move, pause, resume, cancel and kill at random, and note in the ledger what they were promised. */
import { randomUUID } from 'node:crypto';
import type { SubmitBodyInput } from '../../electron/contract/config.ts';
import type { Trial, TrialActionInput } from '../../electron/contract/trials.ts';
import { ApiProblem, EngineGone, type ApiClient } from '../support/api-client.ts';
import type { Ledger, Verb } from './ledger.ts';
import type { LifeKind } from './life-log.ts';
import type { Random } from './random.ts';

export interface UserOptions {
  readonly random: Random;
  readonly ledger: Ledger;
  /** The configuration of one trial of this kind. */
  readonly makeSubmit: (
    kind: LifeKind,
    slots: number,
    maxRestarts: number,
  ) => Pick<SubmitBodyInput, 'config' | 'source'>;
  readonly kinds: Readonly<Record<LifeKind, number>>;
  readonly maxSlots: number;
  /** Nobody submits while the user has this many trials that are not done. */
  readonly maxOpen: number;
}

export interface User {
  /** Acts until `stop` fires or the engine is gone. Throws on an answer no user should ever get. */
  act(api: ApiClient, stop: AbortSignal): Promise<void>;
  /** Repeats the submit whose answer was lost, if any: it must not make a second trial. */
  repeatLostSubmit(api: ApiClient): Promise<void>;
}

interface PendingSubmit {
  readonly body: SubmitBodyInput;
  readonly kind: LifeKind;
  readonly slots: number;
  readonly maxRestarts: number;
}

const WEIGHTS = {
  submit: 40,
  move: 18,
  pause: 10,
  resume: 12,
  priority: 6,
  cancel: 4,
  kill: 3,
  freeze: 3,
  unfreeze: 4,
} as const;
/** A trial that has gone on meanwhile refuses; that is an answer, not a fault. */
const REFUSALS = new Set(['illegal_state', 'invalid_place', 'not_found', 'stale_revision']);

/** Only this user acts on the trials it submitted, so what it was promised last is what must hold. */
export function createUser({ random, ledger, makeSubmit, kinds, maxSlots, maxOpen }: UserOptions): User {
  const own: number[] = [];
  const open = new Set<number>();
  let lost: PendingSubmit | null = null;

  async function submit(api: ApiClient, pending: PendingSubmit): Promise<void> {
    lost = pending;
    const { trialIds } = await api.submit(pending.body);
    lost = null;
    for (const id of trialIds) {
      ledger.submitted(id, pending);
      own.push(id);
      open.add(id);
    }
  }

  function newSubmit(): PendingSubmit {
    const kind = random.weighted(kinds);
    const slots = Math.floor(random.between(0, maxSlots + 1));
    const maxRestarts = kind === 'crash' ? Math.floor(random.between(0, 2)) : 0;
    return {
      kind,
      slots,
      maxRestarts,
      body: { ...makeSubmit(kind, slots, maxRestarts), idempotencyKey: randomUUID(), paused: random.next() < 0.1 },
    };
  }

  async function actOnOne(api: ApiClient, verb: Verb): Promise<void> {
    // The latest trials are the ones that are still open.
    const candidates = [...open].slice(-12);
    if (candidates.length === 0) return;
    const id = random.pick(candidates);
    const action = describeAction(verb, id, candidates);
    try {
      await api.act(action);
    } catch (error) {
      if (error instanceof EngineGone) ledger.unknown(id, verb);
      else if (error instanceof ApiProblem && REFUSALS.has(error.problem.code)) await look(api, id);
      else throw error;
      return;
    }
    ledger.acknowledged(id, verb);
    const trial = await look(api, id);
    if (verb === 'move' || verb === 'priority') ledger.placed(id, { rank: trial.rank, priority: trial.priority });
  }

  async function look(api: ApiClient, id: number): Promise<Trial> {
    const { trial } = await api.trial(id);
    if (trial.state === 'done') open.delete(id);
    return trial;
  }

  function describeAction(verb: Verb, id: number, others: readonly number[]): TrialActionInput {
    if (verb === 'priority') return { action: verb, trialIds: [id], priority: Math.floor(random.between(40, 45)) };
    if (verb !== 'move') return { action: verb, trialIds: [id] };
    const anchorId = random.pick(others);
    const place = random.pick(['top', 'bottom', 'ahead', 'behind', 'index'] as const);
    if (place === 'ahead' || place === 'behind') return { action: verb, trialIds: [id], to: { place, anchorId } };
    return {
      action: verb,
      trialIds: [id],
      to: place === 'index' ? { place, index: Math.floor(random.between(0, 6)) } : { place },
    };
  }

  return {
    async act(api, stop) {
      try {
        while (!stop.aborted) {
          const verb = random.weighted(WEIGHTS);
          if (verb !== 'submit') await actOnOne(api, verb);
          else if (open.size < maxOpen) await submit(api, newSubmit());
          else await look(api, random.pick([...open]));
          await pauseBetweenWishes(random.between(2, 50), stop);
        }
      } catch (error) {
        if (!(error instanceof EngineGone)) throw error;
      }
    },
    async repeatLostSubmit(api) {
      if (lost !== null) await submit(api, lost);
    },
  };
}

/** Users take their time; this is their pace, not a wait for something. */
function pauseBetweenWishes(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}
