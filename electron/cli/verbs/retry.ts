/** `switchyard retry` */
import { sendAction, showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialIds, TRIAL_WORDS } from '../find-trial.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'retry',
    'Run finished trials again: as a new attempt that goes on from the latest checkpoint, or as a copy from the start.',
    ['retry 14', 'retry 14 --copy'],
    context,
  )
    .argument('[ids...]', TRIAL_WORDS)
    .option('--copy', 'leave the trial as it is and queue a new one')
    .action(async (words: string[], options: { json?: boolean; copy?: boolean }) => {
      const ids = await readTrialIds(words, context, { meant: 'ended' });
      showActionResult(
        context,
        options.json,
        await sendAction(context, ids, { action: 'retry', mode: options.copy === true ? 'copy' : 'attempt' }),
      );
    });
