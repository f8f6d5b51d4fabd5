/** `switchyard undo` */
import type { TrialActionResult } from '../../contract/trials.ts';
import { showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { parseWholeNumber } from '../values.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'undo',
    'Take back a move, an archive, or the cancel of a queued trial: the latest, or the one whose number was printed.',
    ['undo', 'undo 31'],
    context,
  )
    .argument('[number]', 'the number that was printed; default: the latest that can be taken back')
    .action(async (word: string | undefined, options: { json?: boolean }) => {
      const id = word === undefined ? null : parseWholeNumber(word, 'undo', 1, Number.MAX_SAFE_INTEGER);
      const client = await context.connect();
      showActionResult(
        context,
        options.json,
        await client.request<TrialActionResult>('POST', id === null ? '/undo' : `/undo/${id}`),
      );
    });
