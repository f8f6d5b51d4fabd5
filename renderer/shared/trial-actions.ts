/** How every action on trials is carried out; which there are is in action-table.ts. */
import { compareInLine } from '../../electron/contract/queue-order.ts';
import type { MoveTo, Trial, TrialActionInput } from '../../electron/contract/trials.ts';
import { api } from '../api/client.ts';
import { moveOptimistically, stepMove, waitingLine } from '../api/optimistic.ts';
import { engineNow, findTrial, rememberTrials, useEngine } from '../api/store.ts';
import type { ActionId } from './action-table.ts';
import { findLosing } from './losing.ts';
import { attempt, toastDone, toastError } from './toasts.tsx';
import { compareTrials, inspect, openDialog } from './view-state.ts';

/** @returns the trials behind these ids that still exist. */
export function trialsOf(ids: Iterable<number>): Trial[] {
  const state = useEngine.getState();
  return [...ids].flatMap((id) => findTrial(state, id) ?? []);
}

/** trial id -> revision, as seen now; sent with a drag so that a move made by somebody else meanwhile is not overrun. */
export const revisionsOf = (trials: readonly Trial[]): Record<string, number> =>
  Object.fromEntries(trials.map((trial) => [String(trial.id), trial.revision]));

/** Sends one action; a toast tells how it went. @returns whether the engine took it. */
export async function act(body: TrialActionInput): Promise<boolean> {
  try {
    const result = await api.act(body);
    toastDone(result.message, result.undoId);
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** Moves are sent one after the other: three quick Alt+Up must arrive in order. */
let lastMove: Promise<unknown> = Promise.resolve();

/** Moves trials of one pool; the list shows it at once and takes it back if the engine refuses. */
export async function moveTrials(
  trials: readonly Trial[],
  to: MoveTo,
  expectedRevisions?: Record<string, number>,
): Promise<void> {
  const first = trials[0];
  if (first === undefined) return;
  const trialIds = trials.map((trial) => trial.id);
  const revert = moveOptimistically(first.poolId, trialIds, to);
  const send = (): Promise<boolean> =>
    act({ action: 'move', trialIds, to, ...(expectedRevisions === undefined ? {} : { expectedRevisions }) });
  const sent = lastMove.then(send);
  lastMove = sent;
  if (!(await sent)) revert();
}

/** Moves trials to another pool; asks first where that would lose work, or cost money. */
export async function moveToPool(trials: readonly Trial[], poolId: string): Promise<void> {
  const moving = trials.filter((trial) => trial.poolId !== poolId);
  if (moving.length === 0) return;
  const trialIds = moving.map((trial) => trial.id);
  if (useEngine.getState().pools.find(({ id }) => id === poolId)?.kind === 'cloud')
    return openDialog({ kind: 'move', trialIds, poolId });
  if (findLosing(moving, 'pool', engineNow()).length > 0)
    return openDialog({ kind: 'stop', action: 'pool', poolId, trialIds });
  await act({ action: 'pool', trialIds, poolId });
}

async function moveByOne(trials: readonly Trial[], direction: -1 | 1): Promise<void> {
  const first = trials[0];
  if (first === undefined) return;
  const step = stepMove(waitingLine(first.poolId), new Set(trials.map((trial) => trial.id)), direction);
  if (step !== null) await moveTrials(step.moved, step.to);
}

/** Carries out an action on trials, through a dialog where it needs one. */
export async function runAction(id: ActionId, trials: readonly Trial[]): Promise<void> {
  const first = trials[0];
  if (first === undefined) return;
  const trialIds = trials.map((trial) => trial.id);
  switch (id) {
    case 'top':
      return moveTrials([...trials].sort(compareInLine), { place: 'top' });
    case 'bottom':
      return moveTrials([...trials].sort(compareInLine), { place: 'bottom' });
    case 'up':
      return moveByOne(trials, -1);
    case 'down':
      return moveByOne(trials, 1);
    case 'move-to': {
      // The key asks without having looked at what it is pressed on.
      const live = trials.filter((trial) => trial.state !== 'done').map((trial) => trial.id);
      return live.length === 0 ? undefined : openDialog({ kind: 'move', trialIds: live });
    }
    case 'priority':
      return openDialog({ kind: 'priority', trialIds });
    case 'labels':
      return openDialog({ kind: 'labels', trialIds });
    case 'rename':
      return openDialog({ kind: 'rename', trialId: first.id });
    case 'duplicate':
      return openDialog({ kind: 'duplicate', trialId: first.id });
    case 'compare':
      return compareTrials(trialIds);
    case 'delete':
      return openDialog({ kind: 'delete', trialIds });
    case 'kill':
      return openDialog({ kind: 'stop', action: 'kill', trialIds });
    case 'cancel':
      // A queued trial can be brought back with undo; one that has run cannot.
      if (trials.every((trial) => trial.state === 'queued')) return void (await act({ action: 'cancel', trialIds }));
      return openDialog({ kind: 'stop', action: 'cancel', trialIds });
    case 'retry':
      return void (await act({ action: 'retry', trialIds, mode: 'attempt' }));
    case 'copy':
      return copyTrials(trialIds);
    case 'pause':
      if (findLosing(trials, 'pause', engineNow()).length > 0)
        return openDialog({ kind: 'stop', action: 'pause', trialIds });
      return void (await act({ action: 'pause', trialIds }));
    case 'resume':
    case 'freeze':
    case 'unfreeze':
    case 'release':
    case 'star':
    case 'unstar':
    case 'archive':
    case 'unarchive':
      return void (await act({ action: id, trialIds }));
  }
}

/** Opens a trial in the inspector, also one that ended long ago and is not at hand. */
export async function inspectAnywhere(trialId: number): Promise<void> {
  if (findTrial(useEngine.getState(), trialId) !== undefined) return inspect(trialId);
  await attempt(async () => {
    rememberTrials([(await api.trial(trialId)).trial]);
    inspect(trialId);
  });
}

async function copyTrials(trialIds: number[]): Promise<void> {
  try {
    const result = await api.act({ action: 'retry', trialIds, mode: 'copy' });
    toastDone(result.message, result.undoId);
    const made = result.trialIds[0];
    if (made !== undefined) inspect(made);
  } catch (error) {
    toastError(error);
  }
}
