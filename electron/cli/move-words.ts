/** Reads where a trial shall go: the words after the ids of `mv`. Pure. */
import type { MoveTo } from '../contract/trials.ts';
import { usageError } from './exit-codes.ts';
import { looksLikeTrialId, parseTrialId } from './trial-ids.ts';
import { parseWholeNumber } from './values.ts';

export type Destination = MoveTo | { readonly place: 'up' } | { readonly place: 'down' };

const USAGE = 'Write top, bottom, up, down, ahead ID, behind ID, or to N (1 is the head of the queue).';

/**
 * @param words everything after `mv`
 * @returns the words that name trials, and the destination
 * @throws CliError
 */
export function splitMoveWords(words: readonly string[]): { readonly idWords: string[]; readonly to: Destination } {
  const at = words.findIndex((word) => !looksLikeTrialId(word) && word !== '-');
  if (at < 0) throw usageError('mv needs a place.', USAGE);
  const [place = '', argument, ...rest] = words.slice(at);
  const idWords = words.slice(0, at);
  if (rest.length > 0) throw usageError(`mv does not understand "${rest.join(' ')}" after the place.`, USAGE);
  return { idWords, to: readPlace(place, argument) };
}

function readPlace(place: string, argument: string | undefined): Destination {
  switch (place) {
    case 'top':
    case 'bottom':
    case 'up':
    case 'down':
      if (argument !== undefined) throw usageError(`mv does not understand "${argument}" after "${place}".`, USAGE);
      return { place };
    case 'ahead':
    case 'behind': {
      if (argument === undefined)
        throw usageError(
          `mv … ${place} needs the trial to go ${place} of.`,
          `For example: switchyard mv 14 ${place} 9`,
        );
      return { place, anchorId: parseTrialId(argument) };
    }
    case 'to':
      if (argument === undefined)
        throw usageError('mv … to needs a place in the queue.', 'For example: switchyard mv 14 to 3');
      return { place: 'index', index: parseWholeNumber(argument, 'mv … to', 1, 1_000_000) - 1 };
    default:
      throw usageError(`mv does not know the place "${place}".`, USAGE);
  }
}

interface QueuedLike {
  readonly id: number;
}

/**
 * @param queue ids of the pool's queued and paused trials in order
 * @param moving the trials that go one place up or down, together
 * @returns where to send them, or null when they are there already
 */
export function stepBy(
  queue: readonly QueuedLike[],
  moving: ReadonlySet<number>,
  direction: 'up' | 'down',
): MoveTo | null {
  const places = queue.flatMap((trial, index) => (moving.has(trial.id) ? [index] : []));
  const [first] = places;
  const last = places.at(-1);
  if (first === undefined || last === undefined) return null;
  if (direction === 'up') {
    const before = queue[first - 1];
    return before === undefined ? null : { place: 'ahead', anchorId: before.id };
  }
  const after = queue[last + 1];
  return after === undefined ? null : { place: 'behind', anchorId: after.id };
}
