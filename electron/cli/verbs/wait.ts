/** `switchyard wait` */
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialIds, TRIAL_WORDS } from '../find-trial.ts';
import { waitForTrials } from '../wait-for-trials.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'wait',
    'Wait until trials are done. Exit code 1 when one of them failed or was canceled.',
    ['wait 14 15', 'submit --json -- python train.py | switchyard wait && echo finished'],
    context,
  )
    .argument('[ids...]', TRIAL_WORDS)
    .action(async (words: string[], options: { json?: boolean }) => {
      const ids = await readTrialIds(words, context, { meant: 'live' });
      await context.connect();
      const trials = await waitForTrials(ids, context);
      if (options.json === true) context.terminal.print(JSON.stringify({ trials }, null, 2));
    });
