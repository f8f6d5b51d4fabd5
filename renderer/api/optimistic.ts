/** Reordering shown before the engine has answered: the only optimistic change in the UI. */
import { generateNKeysBetween } from 'fractional-indexing';
import { compareInLine } from '../../electron/contract/queue-order.ts';
import type { MoveTo, Trial } from '../../electron/contract/trials.ts';
import { useEngine } from './store.ts';

/** @returns the queued and paused trials of a pool in queue order. */
export function waitingLine(poolId: string): Trial[] {
  const line: Trial[] = [];
  for (const trial of useEngine.getState().trials.byId.values()) {
    if (trial.poolId === poolId && (trial.state === 'queued' || trial.state === 'paused')) line.push(trial);
  }
  return line.sort(compareInLine);
}

/**
 * One step up (-1) or down (1) among the rows that are shown together: a queued trial steps over paused ones, which stand
 * in another section, so that every step is seen.
 * @returns the trials in order and where they go; null when there is nothing to step over.
 */
export function stepMove(
  line: readonly Trial[],
  chosen: ReadonlySet<number>,
  direction: -1 | 1,
): { readonly moved: readonly Trial[]; readonly to: MoveTo } | null {
  const moved = line.filter((trial) => chosen.has(trial.id));
  const edge = direction === -1 ? moved[0] : moved.at(-1);
  if (edge === undefined) return null;
  const shown = line.filter((trial) => trial.state === edge.state);
  const neighbour = shown[shown.indexOf(edge) + direction];
  if (neighbour === undefined) return null;
  return { moved, to: { place: direction === -1 ? 'ahead' : 'behind', anchorId: neighbour.id } };
}

/**
 * Puts trials where a move will put them. Guesses the rank the engine will give; the feed brings the real one.
 * @returns a function that puts back what it changed, for trials the engine has not changed since.
 */
export function moveOptimistically(poolId: string, trialIds: readonly number[], to: MoveTo): () => void {
  const moving = new Set(trialIds);
  const line = waitingLine(poolId);
  const moved = line.filter((trial) => moving.has(trial.id));
  const rest = line.filter((trial) => !moving.has(trial.id));
  if (moved.length === 0) return () => undefined;
  const at = insertIndex(rest, to);
  const before = rest[at - 1];
  const after = rest[at];
  const neighbour = to.place === 'behind' || to.place === 'bottom' ? before : (after ?? before);
  const priority = neighbour?.priority ?? moved[0]!.priority;
  const lower = before?.priority === priority ? before.rank : null;
  const upper = after?.priority === priority ? after.rank : null;
  let ranks: string[];
  try {
    ranks = generateNKeysBetween(lower, upper, moved.length);
  } catch {
    return () => undefined;
  }
  const guesses = moved.map((trial, index) => ({ ...trial, priority, rank: ranks[index]! }));
  useEngine.setState((state) => {
    for (const guess of guesses) state.trials.byId.set(guess.id, guess);
    return { trials: { byId: state.trials.byId } };
  });
  return () =>
    useEngine.setState((state) => {
      guesses.forEach((guess, index) => {
        if (state.trials.byId.get(guess.id) === guess) state.trials.byId.set(guess.id, moved[index]!);
      });
      return { trials: { byId: state.trials.byId } };
    });
}

function insertIndex(rest: readonly Trial[], to: MoveTo): number {
  switch (to.place) {
    case 'top':
      return 0;
    case 'bottom':
      return rest.length;
    case 'index':
      return Math.min(to.index, rest.length);
    case 'ahead':
      return Math.max(
        0,
        rest.findIndex((trial) => trial.id === to.anchorId),
      );
    case 'behind':
      return rest.findIndex((trial) => trial.id === to.anchorId) + 1;
  }
}
