/** Which trials are meant by what was typed into "Start after": numbers, ranges and names, between commas. */
import type { Dependency, Trial } from '../../../electron/contract/trials.ts';
import { refuse } from './submit-form.ts';
import type { SubmitForm } from './submit-form.ts';

/** So many trials are asked for by a name. */
export const AFTER_LOOKED_AT = 200;
const SHOWN = 5;
/** As many as the contract takes. */
const MOST = 100;
const NUMBER = /^#?(\d{1,15})(?:-#?(\d{1,15}))?$/;

export type FindTrials = (search: string) => Promise<readonly Trial[]>;

/**
 * @param find asks the engine
 * @returns each trial once; throws ApiError with the path of the field for a name that fits none or several: it is never guessed
 */
export async function readAfter(
  { after, afterWants }: Pick<SubmitForm, 'after' | 'afterWants'>,
  find: FindTrials,
): Promise<Dependency[]> {
  const ids = new Set<number>();
  for (const part of after.split(',')) {
    const entry = part.trim();
    const words = entry.replace(/\s*-\s*/g, '-').split(/\s+/);
    if (entry === '') continue;
    if (words.every((word) => NUMBER.test(word))) words.forEach((word) => addNumbers(ids, word));
    else ids.add(await findByName(entry, find));
  }
  if (ids.size > MOST) throw refuse('after', `A trial waits for at most ${MOST} others, not ${ids.size}.`);
  return [...ids].map((trialId) => ({ trialId, wants: afterWants }));
}

function addNumbers(ids: Set<number>, word: string): void {
  const [, first, last = first] = NUMBER.exec(word) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || to < from) throw refuse('after', `"${word}" names no trials.`, 'Write for example 14, or 3-7.');
  if (to - from >= MOST) throw refuse('after', `A trial waits for at most ${MOST} others.`);
  for (let id = from; id <= to; id += 1) ids.add(id);
}

/** A name as a whole counts before a part of one, and trials that have not ended before those that have. */
async function findByName(name: string, find: FindTrials): Promise<number> {
  const lower = name.toLowerCase();
  // In quotes: a name may look like anything.
  const search = name
    .slice(0, 200)
    .split('"')
    .filter((part) => part !== '')
    .map((part) => `name:"${part}"`)
    .join(' ');
  const named = (await find(search)).filter((trial) => trial.name.toLowerCase().includes(lower));
  const exact = named.filter((trial) => trial.name === name);
  const all = exact.length > 0 ? exact : named;
  const live = all.filter((trial) => trial.state !== 'done');
  const found = live.length > 0 ? live : all;
  const [first] = found;
  if (first === undefined) throw refuse('after', `No trial is called "${name}".`, 'Write its number or its name.');
  if (found.length === 1) return first.id;
  const list = found.slice(0, SHOWN).map((trial) => `#${trial.id} ${trial.name}`);
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  throw refuse(
    'after',
    `${found.length}${found.length >= AFTER_LOOKED_AT ? ' or more' : ''} trials are called "${name}".`,
    `Write the number of the one you mean: ${list.join(', ')}${more}.`,
  );
}
