/** `switchyard wait` */
import { createVerb, readTrialIds } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { waitForTrials } from '../wait-for-trials.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'wait',
    'Wait until trials are done. Exit code 1 when one of them failed or was canceled.',
    ['wait 14 15', 'submit --json -- python train.py | switchyard wait && echo finished'],
    context,
  )
    .argument('[ids...]', 'trials: 14, #14, 3-7, or "-" to read them from a pipe')
    .action(async (words: string[], options: { json?: boolean }) => {
      const ids = await readTrialIds(words, context);
      await context.connect();
      const trials = await waitForTrials(ids, context);
      if (options.json === true) context.terminal.print(JSON.stringify({ trials }, null, 2));
    });
