/**
 * What the users of an engine were promised. Every acknowledged change is written down here, outside the engine; after each crash the
 * engine's answers are held against it. An operation whose answer was lost with the engine may have happened or not: it is noted as unknown.
 */
import type { Trial, TrialDetail } from '../../electron/contract/trials.ts';
import type { LifeKind } from './life-log.ts';

export type Verb = 'move' | 'priority' | 'pause' | 'resume' | 'freeze' | 'unfreeze' | 'cancel' | 'kill';

/** Verb -> type of the event that its transaction writes into the history of the trial. */
const EVENT_TYPES: Readonly<Record<Verb, string>> = {
  move: 'trial.moved',
  priority: 'trial.priority',
  pause: 'trial.pause',
  resume: 'trial.resume',
  freeze: 'trial.freeze',
  unfreeze: 'trial.unfreeze',
  cancel: 'trial.cancel',
  kill: 'trial.kill',
};

export interface Promised {
  readonly id: number;
  readonly kind: LifeKind;
  readonly slots: number;
  readonly maxRestarts: number;
  readonly acknowledged: Map<Verb, number>;
  readonly unknown: Map<Verb, number>;
  /** The last acknowledged wish; null once one of unknown fate came after it. */
  lastWish: Verb | null;
  /** Place in the line as read after the last acknowledged move; null once a later change of it is of unknown fate. */
  place: { readonly rank: string; readonly priority: number } | null;
  /** Something was acknowledged or tried since the last check. */
  touched: boolean;
}

export interface Ledger {
  readonly trials: ReadonlyMap<number, Promised>;
  submitted(id: number, facts: Pick<Promised, 'kind' | 'slots' | 'maxRestarts'>): void;
  acknowledged(id: number, verb: Verb): void;
  unknown(id: number, verb: Verb): void;
  placed(id: number, place: Promised['place']): void;
}

export function createLedger(): Ledger {
  const trials = new Map<number, Promised>();
  const entry = (id: number): Promised => {
    const found = trials.get(id);
    if (found === undefined) throw new Error(`#${id} is not in the ledger`);
    found.touched = true;
    return found;
  };
  const count = (counts: Map<Verb, number>, verb: Verb): void => {
    counts.set(verb, (counts.get(verb) ?? 0) + 1);
  };
  return {
    trials,
    submitted(id, facts) {
      trials.set(id, {
        id,
        ...facts,
        acknowledged: new Map(),
        unknown: new Map(),
        lastWish: null,
        place: null,
        touched: true,
      });
    },
    acknowledged(id, verb) {
      const promised = entry(id);
      count(promised.acknowledged, verb);
      if (verb === 'move' || verb === 'priority') promised.place = null;
      else promised.lastWish = verb;
    },
    unknown(id, verb) {
      const promised = entry(id);
      count(promised.unknown, verb);
      if (verb === 'move' || verb === 'priority') promised.place = null;
      else promised.lastWish = null;
    },
    placed(id, place) {
      entry(id).place = place;
    },
  };
}

/** @returns the verbs of which the history knows fewer than were acknowledged, or more than were ever asked for */
export function missingFromHistory(promised: Promised, { history }: TrialDetail): string[] {
  return (Object.keys(EVENT_TYPES) as Verb[]).flatMap((verb) => {
    const seen = history.filter((entry) => entry.type === EVENT_TYPES[verb]).length;
    const acknowledged = promised.acknowledged.get(verb) ?? 0;
    const most = acknowledged + (promised.unknown.get(verb) ?? 0);
    return seen < acknowledged || seen > most
      ? [`#${promised.id} ${verb}: ${acknowledged} acknowledged, ${most} asked for, ${seen} in its history`]
      : [];
  });
}

/** @returns what the trial's state says against its last acknowledged wish or place, or null */
export function brokenPromise(promised: Promised, trial: Trial): string | null {
  const is = `#${trial.id} is ${trial.state}${trial.stop === null ? '' : ` (${trial.stop.kind})`}${trial.outcome === null ? '' : `, ${trial.outcome.kind}`}`;
  if (promised.place !== null && (trial.rank !== promised.place.rank || trial.priority !== promised.place.priority)) {
    return `#${trial.id} was moved to ${promised.place.priority}/${promised.place.rank} and is at ${trial.priority}/${trial.rank}`;
  }
  // It may have completed by itself before the wish reached it.
  const completed = trial.outcome?.kind === 'completed';
  switch (promised.lastWish) {
    case 'pause':
      return trial.state === 'paused' || completed || (trial.state === 'stopping' && trial.stop?.kind === 'pause')
        ? null
        : `${is}, but its pause was acknowledged`;
    case 'resume':
      return trial.state === 'paused' || trial.stop?.kind === 'pause' ? `${is}, but it was resumed` : null;
    case 'cancel':
    case 'kill':
      return completed ||
        trial.outcome?.kind === 'canceled' ||
        (trial.state === 'stopping' && trial.stop?.kind === promised.lastWish)
        ? null
        : `${is}, but its ${promised.lastWish} was acknowledged`;
    case 'freeze':
      return trial.state === 'running' && !trial.frozen
        ? `${is} and not frozen, but its freeze was acknowledged`
        : null;
    default:
      return null;
  }
}
