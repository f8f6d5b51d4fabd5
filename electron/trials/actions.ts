/**
 * The user's actions on one or many trials, in one transaction, all or nothing: when one trial refuses, nothing changes and
 * the error names each refusal. More than a transaction should take: act-on-many.
 */
import { isDeepStrictEqual } from 'node:util';
import { SwitchyardError, type ErrorCode, type ItemError } from '../contract/errors.ts';
import type { TrialAction, TrialActionResult } from '../contract/trials.ts';
import { resolveMove } from '../queue/moves.ts';
import { requirePool } from '../queue/pools.ts';
import { rankBehind } from '../queue/rank.ts';
import type { Tx } from '../store/database.ts';
import { deleteDependencies, insertDependencies, listDependencies } from '../store/dependencies.ts';
import { insertUndo, takeUndo } from '../store/undo.ts';
import { getTrialRow, insertTrial, lastRank, updateTrial, type TrialRow } from '../store/trials.ts';
import type { ChangeTrials, TrialChange } from './life/change-trials.ts';
import { deleteTrials } from './removal/delete-trials.ts';
import { describe, type TrialEvent } from './life/transitions.ts';

export interface ActionContext {
  readonly changeTrials: ChangeTrials;
  readonly trialsDir: string;
  /** Slots a pool has now; a trial that asks for more is not moved there. */
  slotsInPool(poolId: string): number;
}

class ItemRefusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * One transaction: everything or nothing.
 * @param total of how many trials this is a part, for the words of the answer
 * @throws SwitchyardError with the trial's own code for one trial, batch_refused with `items` for several
 */
export function actOnTrials(context: ActionContext, action: TrialAction, total?: number): TrialActionResult {
  return context.changeTrials(`trials ${action.action}`, (change) => actWithin(context, change, action, total));
}

function actWithin(
  context: ActionContext,
  change: TrialChange,
  action: TrialAction,
  total?: number,
): TrialActionResult {
  const ids = [...new Set(action.trialIds)];
  const refused: ItemError[] = [];
  const trials: TrialRow[] = [];
  for (const id of ids) {
    const found = lookAt(change.tx, id, action);
    if ('trial' in found) trials.push(found.trial);
    else refused.push(found.refusal);
  }
  throwIfRefused(refused, ids.length);
  return perform(context, change, action, trials, total ?? trials.length);
}

/** Thrown to take back what was only tried. */
class TakenBack extends Error {}

/** What an action would be refused for now. Nothing is changed, and nobody hears of it. */
export function tryOut(context: ActionContext, action: TrialAction): readonly ItemError[] {
  try {
    context.changeTrials(`try ${action.action}`, (change) => {
      actWithin(context, change, action);
      throw new TakenBack();
    });
  } catch (error) {
    if (error instanceof TakenBack) return [];
    if (error instanceof SwitchyardError && error.items !== undefined) return error.items;
    throw error;
  }
  return [];
}

export function notDeletable(trial: TrialRow): ItemError {
  return {
    id: trial.id,
    code: 'illegal_state',
    message: `#${trial.id} cannot be deleted: it is ${describe(trial)}. Cancel it first.`,
  };
}

export function lookAt(
  tx: Tx,
  id: number,
  action: TrialAction,
): { readonly trial: TrialRow } | { readonly refusal: ItemError } {
  const trial = getTrialRow(tx.db, id);
  const expected = action.expectedRevisions?.[String(id)];
  if (trial === null) return { refusal: { id, code: 'not_found', message: `There is no trial #${id}.` } };
  if (expected === undefined || expected === trial.revision) return { trial };
  const message = `#${id} was changed meanwhile; it is ${describe(trial)} now.`;
  return { refusal: { id, code: 'stale_revision', message } };
}

/** So many refusals are told one by one. */
export const MAX_ITEMS = 1_000;

/** @param count how many refused, where not all of them are named */
export function throwIfRefused(refused: readonly ItemError[], total: number, count = refused.length): void {
  const first = refused[0];
  if (first === undefined) return;
  if (total === 1)
    throw new SwitchyardError(first.code as ErrorCode, first.message, {
      items: refused,
      ...(first.code === 'stale_revision' ? { remedy: 'Look at it again, then repeat the action.' } : {}),
    });
  throw new SwitchyardError(
    'batch_refused',
    `Nothing was changed: ${count} of ${total} trials refused. ${first.message}`,
    { items: refused, remedy: 'Leave those out, or act on each alone.' },
  );
}

/** Applies `change` to each trial; collects refusals and throws them together. */
function forEach<T>(trials: readonly TrialRow[], change: (trial: TrialRow) => T): T[] {
  const refused: ItemError[] = [];
  const results: T[] = [];
  for (const trial of trials) {
    try {
      results.push(change(trial));
    } catch (error) {
      if (!(error instanceof ItemRefusal)) throw error;
      refused.push({ id: trial.id, code: error.code, message: error.message });
    }
  }
  throwIfRefused(refused, trials.length);
  return results;
}

function perform(
  context: ActionContext,
  change: TrialChange,
  action: TrialAction,
  trials: readonly TrialRow[],
  total: number,
): TrialActionResult {
  const { tx } = change;
  const fire = (trial: TrialRow, event: TrialEvent): TrialRow => {
    const applied = change.fire(trial, event);
    if ('refused' in applied)
      throw new ItemRefusal(
        'illegal_state',
        `#${trial.id} ${REFUSED_VERB[action.action] ?? 'refuses'}: ${applied.refused}.`,
      );
    return applied.trial;
  };
  const write = (trial: TrialRow, type: string, text: string): void => {
    updateTrial(tx.db, trial);
    tx.emit({ type, trialId: trial.id, text });
  };
  const answer = (
    message: string,
    undoId: number | null = null,
    trialIds = trials.map((t) => t.id),
  ): TrialActionResult => ({ trialIds, undoId, message });
  const what = total === 1 ? `#${(trials[0] as TrialRow).id}` : `${total} trials`;

  switch (action.action) {
    case 'move': {
      forEach(trials, (trial) => {
        if (trial.state !== 'queued' && trial.state !== 'paused')
          throw new ItemRefusal('illegal_state', `#${trial.id} cannot be moved: it is ${describe(trial)}.`);
        if (trial.poolId !== trials[0]?.poolId)
          throw new ItemRefusal('invalid_place', `#${trial.id} is in another pool than #${trials[0]?.id ?? 0}.`);
      });
      const before = new Map(trials.map((trial) => [trial.id, trial]));
      const placed = resolveMove(tx.db, trials, action.to);
      const where = placeText(action.to);
      const taken = new Set<number>();
      for (const place of placed) {
        const trial = before.get(place.id) as TrialRow;
        if (place.priority !== trial.priority) taken.add(place.priority);
        write(
          { ...trial, priority: place.priority, rank: place.rank },
          'trial.moved',
          `Moved ${where}${place.priority === trial.priority ? '' : `; priority ${trial.priority} became ${place.priority}`}`,
        );
      }
      const undoId = rememberUndo(tx, 'move', trials, ({ priority, rank }) => ({ priority, rank }));
      return answer(
        `Moved ${what} ${where}${taken.size === 0 ? '' : `; took priority ${[...taken].join(', ')}`}`,
        undoId,
      );
    }
    case 'priority':
      for (const trial of trials) {
        if (trial.state === 'done') continue;
        write(
          { ...trial, priority: action.priority },
          'trial.priority',
          `Priority ${trial.priority} became ${action.priority}`,
        );
      }
      forEach(trials, (trial) => {
        if (trial.state === 'done')
          throw new ItemRefusal(
            'illegal_state',
            `#${trial.id} has ended (${describe(trial)}); its priority no longer matters.`,
          );
      });
      return answer(`Priority of ${what} is ${action.priority}`);
    case 'pool': {
      const pool = requirePool(tx, action.poolId);
      forEach(trials, (trial) => {
        if (trial.poolId === pool.id)
          throw new ItemRefusal('illegal_state', `#${trial.id} is in pool ${pool.id} already.`);
        if (trial.spec.ask.slots > context.slotsInPool(pool.id)) {
          throw new ItemRefusal(
            'too_many_slots',
            `#${trial.id} asks for ${trial.spec.ask.slots} GPUs; pool ${pool.name} has ${context.slotsInPool(pool.id)}.`,
          );
        }
        fire(trial, { type: 'move_pool', poolId: pool.id, rank: rankBehind(lastRank(tx.db, pool.id)) });
      });
      return answer(`Moved ${what} to ${pool.name}`);
    }
    case 'pause':
    case 'resume':
    case 'freeze':
    case 'unfreeze':
    case 'kill':
      forEach(trials, (trial) => fire(trial, { type: action.action }));
      return answer(`${DONE_VERB[action.action]} ${what}`);
    case 'release':
      forEach(trials, (trial) => {
        if (!deleteDependencies(tx.db, trial.id))
          throw new ItemRefusal('illegal_state', `#${trial.id} waits for no other trial to end.`);
        write(trial, 'trial.released', 'Starts without waiting for others to end');
      });
      return answer(`Released ${what}`);
    case 'cancel': {
      const restorable = trials.filter((trial) => trial.state === 'queued' || trial.state === 'paused');
      forEach(trials, (trial) => fire(trial, { type: 'cancel' }));
      const undoId = restorable.length === 0 ? null : rememberUndo(tx, 'cancel', restorable, undoFacts);
      return answer(`Canceled ${what}`, undoId);
    }
    case 'retry': {
      if (action.mode === 'attempt') {
        forEach(trials, (trial) => fire(trial, { type: 'retry', rank: rankBehind(lastRank(tx.db, trial.poolId)) }));
        return answer(`Queued ${what} again`);
      }
      const copies = trials.map((trial) => {
        // A copy is its user's own: no search follows it.
        const { inSweep: _, ...spec } = trial.spec;
        const id = insertTrial(tx.db, {
          ...trial,
          spec,
          state: 'queued',
          rank: rankBehind(lastRank(tx.db, trial.poolId)),
          submittedAtMs: tx.nowMs,
        });
        insertDependencies(tx.db, id, listDependencies(tx.db, trial.id));
        tx.emit({ type: 'trial.submitted', trialId: id, text: `Copied from #${trial.id}` });
        return id;
      });
      return answer(`Copied ${what}`, null, copies);
    }
    case 'rename':
      for (const trial of trials)
        write({ ...trial, name: action.name }, 'trial.renamed', `Renamed from "${trial.name}"`);
      return answer(`Renamed ${what}`);
    case 'label':
      for (const trial of trials) {
        const labels = [...new Set([...trial.labels, ...action.add])]
          .filter((label) => !action.remove.includes(label))
          .toSorted();
        write(
          { ...trial, labels },
          'trial.labeled',
          labels.length === 0 ? 'Labels removed' : `Labels: ${labels.join(', ')}`,
        );
      }
      return answer(`Labeled ${what}`);
    case 'star':
    case 'unstar': {
      const starred = action.action === 'star';
      for (const trial of trials)
        write({ ...trial, starred }, 'trial.starred', starred ? 'Starred' : 'Star taken away');
      return answer(starred ? `Starred ${what}` : `Took the star from ${what}`);
    }
    case 'archive':
    case 'unarchive': {
      const archived = action.action === 'archive';
      forEach(trials, (trial) => {
        if (trial.state !== 'done')
          throw new ItemRefusal(
            'illegal_state',
            `#${trial.id} cannot be archived: it is ${describe(trial)}, only ended trials can.`,
          );
        if (trial.archived === archived)
          throw new ItemRefusal('illegal_state', `#${trial.id} is ${archived ? 'archived already' : 'not archived'}.`);
        write(
          { ...trial, archived },
          `trial.${action.action}d`,
          archived ? 'Archived' : 'Brought back from the archive',
        );
      });
      const undoId = rememberUndo(tx, 'archive', trials, (trial) => ({ archived: trial.archived }));
      return answer(`${archived ? 'Archived' : 'Brought back'} ${what}`, undoId);
    }
    case 'delete':
      forEach(trials, (trial) => {
        if (trial.state !== 'done') throw new ItemRefusal('illegal_state', notDeletable(trial).message);
      });
      deleteTrials(tx, trials, context.trialsDir);
      return answer(`Deleted ${what}`);
  }
}

const DONE_VERB: Record<string, string> = {
  pause: 'Pausing',
  resume: 'Resumed',
  freeze: 'Frozen:',
  unfreeze: 'Unfrozen:',
  kill: 'Killing',
};
const REFUSED_VERB: Record<string, string> = {
  pause: 'cannot be paused',
  resume: 'cannot be resumed',
  freeze: 'cannot be frozen',
  unfreeze: 'cannot be unfrozen',
  cancel: 'cannot be canceled',
  kill: 'cannot be killed',
  retry: 'cannot be retried',
  pool: 'cannot be moved to another pool',
};

function placeText(to: Extract<TrialAction, { action: 'move' }>['to']): string {
  switch (to.place) {
    case 'top':
      return 'to the top';
    case 'bottom':
      return 'to the bottom';
    case 'ahead':
      return `ahead of #${to.anchorId}`;
    case 'behind':
      return `behind #${to.anchorId}`;
    case 'index':
      return `to place ${to.index + 1}`;
  }
}

/** What an undo brings back, and what the action had made of it: a trial that is something else by now has moved on. */
interface UndoEntry {
  readonly id: number;
  readonly before: Partial<UndoFacts>;
  readonly after: UndoFacts;
}

type UndoFacts = Pick<
  TrialRow,
  'state' | 'poolId' | 'priority' | 'rank' | 'archived' | 'attempt' | 'endedAtMs' | 'outcome'
>;

function undoFacts(trial: TrialRow): UndoFacts {
  const { state, poolId, priority, rank, archived, attempt, endedAtMs, outcome } = trial;
  return { state, poolId, priority, rank, archived, attempt, endedAtMs, outcome };
}

/** Remembers what a change did to these trials. @returns the id to undo it by */
function rememberUndo(
  tx: TrialChange['tx'],
  kind: 'move' | 'cancel' | 'archive',
  trials: readonly TrialRow[],
  before: (trial: TrialRow) => Partial<UndoFacts>,
): number {
  const entries = trials.map((trial): UndoEntry => {
    const changed = getTrialRow(tx.db, trial.id) ?? trial;
    return { id: trial.id, before: before(trial), after: undoFacts(changed) };
  });
  return insertUndo(tx.db, tx.nowMs, kind, entries);
}

/** @returns which trials are as they were and which had moved on; null when it was undone already, or is too old */
export function restore(
  changeTrials: ChangeTrials,
  undoId: number,
): { readonly restored: readonly number[]; readonly left: readonly number[] } | null {
  return changeTrials('undo', ({ tx }) => {
    const entry = takeUndo(tx.db, undoId);
    if (entry === null) return null;
    const restored: number[] = [];
    const left: number[] = [];
    for (const { id, before, after } of entry.data as UndoEntry[]) {
      const trial = getTrialRow(tx.db, id);
      if (trial === null || !isDeepStrictEqual(undoFacts(trial), after)) {
        left.push(id);
        continue;
      }
      updateTrial(tx.db, { ...trial, ...before });
      tx.emit({ type: 'trial.undone', trialId: id, text: `Undone: ${entry.kind}` });
      restored.push(id);
    }
    return { restored, left };
  });
}

/** @throws SwitchyardError undo_gone where nothing was restored */
export function sayRestored(restored: readonly number[], left: readonly number[]): TrialActionResult {
  if (restored.length === 0 && left.length === 0)
    throw new SwitchyardError('undo_gone', 'This cannot be undone any more.', {
      remedy: 'It was undone already, or too much happened since.',
    });
  const leftText =
    left.length === 0
      ? ''
      : `${listIds(left)} moved on meanwhile and ${left.length === 1 ? 'is' : 'are'} left as ${left.length === 1 ? 'it is' : 'they are'}`;
  if (restored.length === 0)
    throw new SwitchyardError('undo_gone', `Nothing was undone: ${leftText}.`, {
      remedy: 'Look at it and change what you want to have changed.',
    });
  const done = restored.length === 1 ? `Undone for #${restored[0] ?? 0}` : `Undone for ${restored.length} trials`;
  return {
    trialIds: [...restored],
    undoId: null,
    message: leftText === '' ? done : `${done}; ${leftText}`,
  };
}

function listIds(ids: readonly number[]): string {
  const shown = ids.slice(0, 5).map((id) => `#${id}`);
  return ids.length > shown.length ? `${shown.join(', ')} and ${ids.length - shown.length} more` : shown.join(', ');
}
