/** Which trials are meant by the words of a command: numbers, ranges, names, or what comes through a pipe. */
import type { Trial } from '../contract/trials.ts';
import type { CommandContext } from './command-context.ts';
import { stateWord } from './describe-trial.ts';
import { CliError, ExitCode, usageError } from './exit-codes.ts';
import { plain } from './table.ts';
import { readStdin } from './terminal.ts';
import { looksLikeTrialId, parsePipedIds, parseTrialIds } from './trial-ids.ts';

const LOOKED_AT = 200;
const SHOWN = 8;

/** For the help of an argument. */
export const TRIAL_WORDS = 'trials: 14, #14, 3-7, a name, or "-" to read them from a pipe';

export interface TrialWish {
  /** Of several trials with one name these are meant, if there are any: those that have not ended, or those that have. */
  readonly meant?: 'live' | 'ended';
  /** What to do when no trial is called like the word. */
  readonly otherwise?: (word: string) => string;
}

/**
 * @param words as typed; "-" or none at all reads them from the pipe
 * @returns the trials named, each once, in the order named
 * @throws CliError when a name fits none or several: it is never guessed
 */
export async function readTrialIds(
  words: readonly string[],
  context: CommandContext,
  wish: TrialWish = {},
): Promise<number[]> {
  const { terminal } = context;
  const ids: number[] = [];
  if (words.length === 0) {
    if (terminal.stdinIsTTY)
      throw usageError(
        'Name at least one trial.',
        'Write its number or name, for example 14, #14, 3-7 or resnet, or pipe numbers in.',
      );
    ids.push(...parsePipedIds(await readStdin(terminal.stdin)));
    if (ids.length === 0)
      throw usageError(
        'No trial was named, and none came through the pipe.',
        'Write its number, for example 14, #14 or 3-7.',
      );
  }
  for (const word of words) {
    if (word === '-') ids.push(...parsePipedIds(await readStdin(terminal.stdin)));
    else if (isName(word)) ids.push(await findByName(word, context, wish));
    else ids.push(...parseTrialIds(word));
  }
  if (ids.length === 0) throw usageError('No trial came through the pipe.');
  return [...new Set(ids)];
}

/** @returns one trial's id, from the word or from the pipe */
export async function readTrialId(
  word: string | undefined,
  context: CommandContext,
  wish: TrialWish = {},
): Promise<number> {
  const ids = await readTrialIds(word === undefined ? [] : [word], context, wish);
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw usageError(`Name one trial, not ${ids.length}.`);
  return id;
}

/** Digits and signs alone are a slip of the finger, not a name. */
function isName(word: string): boolean {
  return !looksLikeTrialId(word) && /[^\s\d#,.-]/.test(word);
}

/** A name as a whole counts before a part of one. */
async function findByName(word: string, context: CommandContext, { meant, otherwise }: TrialWish): Promise<number> {
  const client = await context.connect();
  const { trials } = await client.request<{ trials: Trial[] }>('GET', '/trials', undefined, {
    search: searchForName(word),
    archived: 'all',
    limit: LOOKED_AT,
  });
  const lower = word.toLowerCase();
  const named = trials.filter((trial) => trial.name.toLowerCase().includes(lower));
  const exact = named.filter((trial) => trial.name === word);
  const all = exact.length > 0 ? exact : named;
  const fitting = all.filter(({ state }) => meant === undefined || (state === 'done') === (meant === 'ended'));
  const found = fitting.length > 0 ? fitting : all;
  const [first] = found;
  if (first === undefined)
    throw new CliError(
      ExitCode.notFound,
      `No trial is called "${word}".`,
      otherwise?.(word) ?? 'List them: switchyard ls --all',
    );
  if (found.length === 1) return first.id;
  const list = found.slice(0, SHOWN).map((trial) => `  #${trial.id} ${plain(trial.name)}, ${stateWord(trial)}`);
  const more = found.length > SHOWN ? [`  … and ${found.length - SHOWN} more`] : [];
  throw new CliError(
    ExitCode.usage,
    [`${found.length} trials are called "${word}":`, ...list, ...more].join('\n'),
    'Write the number of the one you mean.',
  );
}

/** In quotes: a name may look like anything. */
function searchForName(name: string): string {
  return name
    .slice(0, 200)
    .split('"')
    .filter((part) => part !== '')
    .map((part) => `name:"${part}"`)
    .join(' ');
}
