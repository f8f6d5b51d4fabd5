/** `switchyard rename` */
import { sendAction, showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialIds } from '../find-trial.ts';

export const build: BuildVerb = (context) =>
  createVerb('rename', 'Give a trial another name.', ['rename 14 "resnet, cosine schedule"'], context)
    .argument('<id>', 'trial: 14, #14 or its name')
    .argument('<name>', 'the new name')
    .action(async (word: string, name: string, options: { json?: boolean }) => {
      const ids = await readTrialIds([word], context);
      showActionResult(context, options.json, await sendAction(context, ids, { action: 'rename', name }));
    });
