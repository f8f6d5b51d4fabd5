/** `switchyard undo` */
import type { TrialActionResult } from '../../contract/trials.ts';
import { showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { parseWholeNumber } from '../values.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'undo',
    'Take back a move, an archive, or the cancel of a queued trial. The command that did it prints the number.',
    ['undo 31'],
    context,
  )
    .argument('<number>', 'the number that was printed')
    .action(async (word: string, options: { json?: boolean }) => {
      const id = parseWholeNumber(word, 'undo', 1, Number.MAX_SAFE_INTEGER);
      const client = await context.connect();
      showActionResult(context, options.json, await client.request<TrialActionResult>('POST', `/undo/${id}`));
    });
