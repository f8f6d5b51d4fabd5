/** `switchyard duplicate` */
import type { SubmitResult } from '../../contract/config.ts';
import type { TrialDetail } from '../../contract/trials.ts';
import { readAfter, withAfter } from '../after-flags.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialId } from '../find-trial.ts';
import { checkKnownParameters } from '../known-parameters.ts';
import { sayQueued, tellNotes } from '../say-queued.ts';
import { addExperimentFlags, applyExperimentFlags } from '../submit-flags.ts';
import type { ExperimentFlags } from '../submit-flags.ts';

export const build: BuildVerb = (context) =>
  addExperimentFlags(
    createVerb(
      'duplicate',
      'Queue a copy of a trial on the same snapshot, with changes. Takes the flags of submit.',
      [
        'duplicate 14 -S lr=0.01',
        'duplicate 14 --slots 2 --name "two GPUs"',
        'duplicate 14 -- python train.py --resume',
      ],
      context,
    ),
  )
    .usage('[options] ID [-- COMMAND [ARGUMENT...]]')
    .argument('[id]', 'trial: 14, #14 or its name')
    .option('--paused', 'queue it without letting it start')
    .action(async (word: string | undefined, flags: ExperimentFlags & { json?: boolean; paused?: boolean }) => {
      const id = await readTrialId(word, context);
      const client = await context.connect();
      const { config } = await client.request<TrialDetail>('GET', `/trials/${id}`);
      const edited = structuredClone(config);
      checkKnownParameters(
        { ...edited, ...(context.afterDashes === null ? {} : { entrypoint: context.afterDashes }) },
        flags.set,
      );
      await applyExperimentFlags(edited, flags, context.afterDashes, context.terminal);
      const result = await client.request<SubmitResult>('POST', `/trials/${id}/duplicate`, {
        config: edited,
        paused: flags.paused === true,
        ...withAfter(await readAfter(flags, context)),
      });
      show(context, flags.json, result, () => `Queued ${sayQueued(result)}, a copy of #${id}.`);
      if (flags.json !== true) tellNotes(result.notes, context);
    });
