/**
 * Actions on any number of trials. Up to MAX_BATCH change in one transaction (actions.ts). More go in slices, each of them a transaction
 * of some milliseconds, and in between others get their turn.
 *
 * All or none holds for any number: first every slice is tried out and taken back, and one refusal refuses all of them. Only then they are
 * changed. What changed by itself between the two and refuses now is left out and named. A crash in the middle leaves the rest as
 * it was: acting on them again goes on where it ended.
 */
import { SwitchyardError, type ItemError } from '../contract/errors.ts';
import { compareInLine } from '../contract/queue-order.ts';
import type { MoveTo, TrialAction, TrialActionResult } from '../contract/trials.ts';
import { insertUndo, takeUndoParts } from '../store/undo.ts';
import { getTrialRow, readLine, type TrialRow } from '../store/trials.ts';
import { nextTurn, takeTurns } from '../ports/turns.ts';
import {
  actOnTrials,
  MAX_ITEMS,
  notDeletable,
  lookAt,
  restore,
  sayRestored,
  throwIfRefused,
  tryOut,
  type ActionContext,
} from './actions.ts';
import type { ChangeTrials } from './life/change-trials.ts';
import { deleteTrials } from './removal/delete-trials.ts';

/** Up to so many trials an action is one transaction. Each takes a tenth of a millisecond or so, and nothing else is done meanwhile. */
export const MAX_BATCH = 100;
/** Most trials that are moved at once. */
export const MAX_MOVED = 500;
/** Steps of larger actions than these many slices are not kept for an undo. */
const MAX_UNDO_PARTS = 1_500;
const SLICE_MS = 8;
const FIRST_SLICE = 25;
const LEAST_SLICE = 5;
const MOST_SLICE = 200;
const DELETE_SLICE = 20;

/** Calls `work` with slices as large as fit into a turn, each when it is its turn. */
async function inSlices(ids: readonly number[], work: (slice: readonly number[]) => void): Promise<void> {
  let size = FIRST_SLICE;
  for (let from = 0; from < ids.length;) {
    await nextTurn();
    const slice = ids.slice(from, from + size);
    from += slice.length;
    const beganMs = performance.now();
    work(slice);
    const tookMs = Math.max(0.1, performance.now() - beganMs);
    const fits = Math.round((slice.length * SLICE_MS) / tookMs);
    size = Math.min(MOST_SLICE, 2 * size, Math.max(LEAST_SLICE, fits));
  }
}

/**
 * @throws SwitchyardError with the trial's own code for one trial, batch_refused with `items` for several: nothing was changed then
 */
export async function actOnManyTrials(context: ActionContext, action: TrialAction): Promise<TrialActionResult> {
  const ids = [...new Set(action.trialIds)];
  if (action.dryRun === true) {
    await tryAll(context, action, ids);
    return { trialIds: ids, undoId: null, message: 'It can be done. Nothing was changed.' };
  }
  if (action.action === 'delete') return deleteMany(context, action, ids);
  if (ids.length <= MAX_BATCH) return actOnTrials(context, action);
  if (action.action === 'move') return moveMany(context, action, ids);
  await tryAll(context, action, ids);
  return await actOnAll(context, ids, () => action);
}

async function tryAll(context: ActionContext, action: TrialAction, ids: readonly number[]): Promise<void> {
  const refused: ItemError[] = [];
  let count = 0;
  await inSlices(ids, (slice) => {
    const items = tryOut(context, { ...action, trialIds: [...slice] });
    count += items.length;
    if (refused.length < MAX_ITEMS) refused.push(...items);
  });
  throwIfRefused(refused, ids.length, count);
}

/** @param next the action on the next slice, behind those that are done */
async function actOnAll(
  context: ActionContext,
  ids: readonly number[],
  next: (done: readonly number[]) => TrialAction,
): Promise<TrialActionResult> {
  const changed: number[] = [];
  const refused: ItemError[] = [];
  const undoIds: number[] = [];
  let message = '';
  await inSlices(ids, (slice) => {
    const { expectedRevisions: _wereTried, ...rest } = next(changed);
    const result = actOnWilling(context, { ...rest, trialIds: [...slice] }, refused, ids.length);
    if (result === null) return;
    for (const id of result.trialIds) changed.push(id);
    if (result.undoId !== null) undoIds.push(result.undoId);
    ({ message } = result);
  });
  if (changed.length === 0) throwIfRefused(refused, ids.length);
  const left = refused[0];
  return {
    trialIds: changed,
    undoId: rememberParts(context.changeTrials, undoIds),
    message: left === undefined ? message : `${message}, but ${refused.length} that refused meanwhile: ${left.message}`,
  };
}

/** Acts on a slice; a second time without those that refuse. @returns null when all of them do */
function actOnWilling(
  context: ActionContext,
  action: TrialAction,
  refused: ItemError[],
  total: number,
): TrialActionResult | null {
  try {
    return actOnTrials(context, action, total);
  } catch (error) {
    if (!(error instanceof SwitchyardError) || error.items === undefined) throw error;
    refused.push(...error.items);
    const unwilling = new Set(error.items.map(({ id }) => id));
    const willing = action.trialIds.filter((id) => !unwilling.has(id));
    return willing.length === 0 ? null : actOnTrials(context, { ...action, trialIds: willing }, total);
  }
}

function rememberParts(changeTrials: ChangeTrials, undoIds: readonly number[]): number | null {
  if (undoIds.length <= 1) return undoIds[0] ?? null;
  if (undoIds.length > MAX_UNDO_PARTS) return null;
  return changeTrials('remember undo', ({ tx }) => insertUndo(tx.db, tx.nowMs, 'parts', undoIds));
}

/** In the order of the line, each slice behind the one before. */
async function moveMany(
  context: ActionContext,
  action: Extract<TrialAction, { action: 'move' }>,
  ids: readonly number[],
): Promise<TrialActionResult> {
  if (ids.length > MAX_MOVED)
    throw new SwitchyardError(
      'invalid_place',
      `At most ${MAX_MOVED} trials can be moved at once, these are ${ids.length}.`,
      {
        remedy: 'Move them in parts, or give them another priority.',
      },
    );
  const { sorted, to } = context.changeTrials('look at trials to move', ({ tx }) => {
    const found = ids.map((id) => getTrialRow(tx.db, id)).filter((trial) => trial !== null);
    return {
      sorted: found.toSorted(compareInLine),
      to: action.to.place === 'index' ? placeAt(tx.db, found, action.to.index) : action.to,
    };
  });
  const first = sorted[0];
  throwIfRefused(
    sorted
      .filter(({ poolId }) => poolId !== first?.poolId)
      .map(({ id }) => ({
        id,
        code: 'invalid_place',
        message: `#${id} is in another pool than #${first?.id ?? 0}.`,
      })),
    ids.length,
  );
  if ('anchorId' in to && ids.includes(to.anchorId)) return actOnTrials(context, action);
  await tryAll(context, { ...action, to }, ids);
  return await actOnAll(
    context,
    sorted.map(({ id }) => id),
    (done) => ({ ...action, to: done.length === 0 ? to : { place: 'behind', anchorId: done.at(-1) ?? 0 } }),
  );
}

/** The index counts the line without those that move: before the one who stands there. */
function placeAt(db: Parameters<typeof readLine>[0], moving: readonly TrialRow[], index: number): MoveTo {
  const except = new Set(moving.map(({ id }) => id));
  const places = readLine(db, moving[0]?.poolId ?? '', 0, index + except.size + 1).filter(({ id }) => !except.has(id));
  const anchor = places[index];
  return anchor === undefined ? { place: 'bottom' } : { place: 'ahead', anchorId: anchor.id };
}

/** One refusal refuses all of them. A trial that was retried in between stays. */
async function deleteMany(
  context: ActionContext,
  action: Extract<TrialAction, { action: 'delete' }>,
  ids: readonly number[],
): Promise<TrialActionResult> {
  if (ids.length <= DELETE_SLICE) return actOnTrials(context, action);
  const refused: ItemError[] = [];
  let count = 0;
  const refuse = (item: ItemError): void => {
    count += 1;
    if (refused.length < MAX_ITEMS) refused.push(item);
  };
  await inSlices(ids, (slice) => {
    context.changeTrials('look at trials to delete', ({ tx }) => {
      for (const id of slice) {
        const found = lookAt(tx, id, action);
        if ('refusal' in found) refuse(found.refusal);
        else if (found.trial.state !== 'done') refuse(notDeletable(found.trial));
      }
    });
  });
  throwIfRefused(refused, ids.length, count);
  const deleted: number[] = [];
  for (let from = 0; from < ids.length; from += DELETE_SLICE) {
    await nextTurn();
    const gone = context.changeTrials('delete trials', ({ tx }) => {
      const trials = ids.slice(from, from + DELETE_SLICE).map((id) => getTrialRow(tx.db, id));
      const ended = trials.filter((trial) => trial !== null && trial.state === 'done') as TrialRow[];
      deleteTrials(tx, ended, context.trialsDir);
      return ended.map(({ id }) => id);
    });
    deleted.push(...gone);
  }
  return { trialIds: deleted, undoId: null, message: `Deleted ${deleted.length} trials` };
}

/**
 * Takes back an action, also one that went in slices. Trials that moved on meanwhile are left as they are, and named.
 * @throws SwitchyardError undo_gone when it was undone already, is too old, or all its trials moved on
 */
export async function undoMany(changeTrials: ChangeTrials, undoId: number): Promise<TrialActionResult> {
  const parts = changeTrials('undo', ({ tx }) => takeUndoParts(tx.db, undoId));
  const restored: number[] = [];
  const left: number[] = [];
  const pace = await takeTurns();
  for (const part of parts?.toReversed() ?? [undoId]) {
    const done = restore(changeTrials, part);
    // Of one part that was undone alone or is too old the others may still be there.
    if (done === null && parts === null) break;
    restored.push(...(done?.restored ?? []));
    left.push(...(done?.left ?? []));
    await pace.step();
  }
  return sayRestored(restored, left);
}
