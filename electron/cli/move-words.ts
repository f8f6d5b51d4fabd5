/** Reads where a trial shall go: the words after the ids of `mv`. Pure. */
import type { MoveTo } from '../contract/trials.ts';
import { usageError } from './exit-codes.ts';
import type { CliError } from './exit-codes.ts';
import { looksLikeTrialId } from './trial-ids.ts';
import { parseWholeNumber } from './values.ts';

export type Destination =
  | { readonly place: 'top' }
  | { readonly place: 'bottom' }
  | { readonly place: 'up' }
  | { readonly place: 'down' }
  | { readonly place: 'index'; readonly index: number }
  /** The trial to go next to, as it was written. */
  | { readonly place: 'ahead'; readonly anchor: string }
  | { readonly place: 'behind'; readonly anchor: string };

const USAGE = 'Write top, bottom, up, down, ahead ID, behind ID, or to N (1 is the head of the queue).';
const ALONE = ['top', 'bottom', 'up', 'down'] as const;
const WITH_WORD = ['ahead', 'behind', 'to'] as const;

/**
 * The place is read from the end, so that a trial may be called like one.
 * @param words everything after `mv`
 * @returns the words that name trials, and the destination
 * @throws CliError
 */
export function splitMoveWords(words: readonly string[]): { readonly idWords: string[]; readonly to: Destination } {
  const last = words.at(-1) ?? '';
  const alone = ALONE.find((place) => place === last);
  if (alone !== undefined) return { idWords: words.slice(0, -1), to: { place: alone } };
  const place = WITH_WORD.find((one) => one === words.at(-2));
  if (place !== undefined) return { idWords: words.slice(0, -2), to: readPlace(place, last) };
  throw explain(words);
}

function readPlace(place: (typeof WITH_WORD)[number], word: string): Destination {
  if (place === 'to') return { place: 'index', index: parseWholeNumber(word, 'mv … to', 1, 1_000_000) - 1 };
  return { place, anchor: word };
}

function explain(words: readonly string[]): CliError {
  const last = words.at(-1) ?? '';
  if (last === 'to') return usageError('mv … to needs a place in the queue.', 'For example: switchyard mv 14 to 3');
  if (last === 'ahead' || last === 'behind')
    return usageError(`mv … ${last} needs the trial to go ${last} of.`, `For example: switchyard mv 14 ${last} 9`);
  const early = words.findIndex((word) => [...ALONE, ...WITH_WORD].some((place) => place === word));
  if (early > 0)
    return usageError(`mv does not understand "${last}" after "${words.slice(early, -1).join(' ')}".`, USAGE);
  return looksLikeTrialId(last)
    ? usageError('mv needs a place.', USAGE)
    : usageError(`mv does not know the place "${last}".`, USAGE);
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
