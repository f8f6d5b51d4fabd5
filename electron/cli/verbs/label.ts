/** `switchyard label` */
import { sendAction, showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialIds } from '../find-trial.ts';
import { usageError } from '../exit-codes.ts';

/** @param words everything after `label`; "+a" adds, "-b" takes away, the rest name trials */
export function splitLabelWords(words: readonly string[]): {
  readonly idWords: string[];
  readonly add: string[];
  readonly remove: string[];
} {
  const idWords: string[] = [];
  const add: string[] = [];
  const remove: string[] = [];
  for (const word of words) {
    if (word === '-') idWords.push(word);
    else if (word.startsWith('--'))
      throw usageError(
        `label does not know the option "${word}".`,
        'Add a label with +name, take one away with -name.',
      );
    else if (word.startsWith('+') && word.length > 1) add.push(word.slice(1));
    else if (word.startsWith('-')) remove.push(word.slice(1));
    else if (word === '+')
      throw usageError('label needs a name after the +.', 'For example: switchyard label 14 +baseline');
    else idWords.push(word);
  }
  if (add.length + remove.length === 0)
    throw usageError('label needs a label.', 'Add one with +name, take one away with -name.');
  return { idWords, add, remove };
}

export const build: BuildVerb = (context) =>
  createVerb(
    'label',
    'Add labels to trials and take them away.',
    ['label 14 +baseline', 'label 3-7 +keep -draft'],
    context,
  )
    .argument('[words...]', 'trials, +label to add, -label to take away')
    .allowUnknownOption()
    .action(async (words: string[], options: { json?: boolean }) => {
      const { idWords, add, remove } = splitLabelWords(words);
      const ids = await readTrialIds(idWords, context, {
        otherwise: (word) => `To add it as a label, write +${word}; to take it away, -${word}.`,
      });
      showActionResult(context, options.json, await sendAction(context, ids, { action: 'label', add, remove }));
    });
