/** `switchyard priority` */
import { sendAction, showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialIds } from '../find-trial.ts';
import { parseWholeNumber } from '../values.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'priority',
    'Change the priority of trials: 1 is first, 99 last, 42 the default. Their order among themselves stays.',
    ['priority 14 10', 'priority 3-7 60'],
    context,
  )
    .argument('<words...>', 'trials, then the priority')
    .action(async (words: string[], options: { json?: boolean }) => {
      const priority = parseWholeNumber(words.at(-1) ?? '', 'priority', 1, 99);
      const ids = await readTrialIds(words.slice(0, -1), context, { meant: 'live' });
      showActionResult(context, options.json, await sendAction(context, ids, { action: 'priority', priority }));
    });
