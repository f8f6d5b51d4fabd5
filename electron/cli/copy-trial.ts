/** The verbs that queue a trial once more, with changes: duplicate from its beginning, fork from its newest checkpoint. */
import type { SubmitResult } from '../contract/config.ts';
import type { TrialDetail } from '../contract/trials.ts';
import { readAfter, withAfter } from './after-flags.ts';
import { createVerb, show } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import type { Command } from 'commander';
import { readTrialId } from './find-trial.ts';
import { checkKnownParameters } from './known-parameters.ts';
import { sayQueued, tellNotes } from './say-queued.ts';
import { addExperimentFlags, applyExperimentFlags } from './submit-flags.ts';
import type { ExperimentFlags } from './submit-flags.ts';

export interface CopyVerb {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly fromCheckpoint: boolean;
}

export const buildCopyVerb = (verb: CopyVerb, context: CommandContext): Command =>
  addExperimentFlags(createVerb(verb.name, verb.description, verb.examples, context))
    .usage('[options] ID [-- COMMAND [ARGUMENT...]]')
    .argument('[id]', 'trial: 14, #14 or its name')
    .option('--paused', 'queue it without letting it start')
    .action(async (word: string | undefined, flags: ExperimentFlags & { json?: boolean; paused?: boolean }) => {
      const id = await readTrialId(word, context);
      const client = await context.connect();
      const { config } = await client.request<TrialDetail>('GET', `/trials/${id}`);
      const edited = structuredClone(config);
      const set = asOfFiles(edited['set_params'], flags.set);
      checkKnownParameters(
        { ...edited, ...(context.afterDashes === null ? {} : { entrypoint: context.afterDashes }) },
        set,
      );
      await applyExperimentFlags(edited, { ...flags, set }, context.afterDashes, context.terminal);
      const result = await client.request<SubmitResult>('POST', `/trials/${id}/duplicate`, {
        config: edited,
        paused: flags.paused === true,
        ...(verb.fromCheckpoint ? { fromCheckpoint: true } : {}),
        ...withAfter(await readAfter(flags, context)),
      });
      show(
        context,
        flags.json,
        result,
        () => `Queued ${sayQueued(result)}, ${verb.fromCheckpoint ? 'a fork' : 'a copy'} of #${id}.`,
      );
      if (flags.json !== true) tellNotes(result.notes, context);
    });

/**
 * A parameter that the old trial changed in a file is changed there again, also where no file is named: "train.lr=1" becomes
 * "params.yaml:train.lr=1". The later of two changes wins.
 */
export function asOfFiles(changed: unknown, texts: readonly string[]): readonly string[] {
  const fileOf = new Map<string, string>();
  for (const one of Array.isArray(changed) ? (changed as unknown[]) : []) {
    const match = /^([^=:]+):[+~]*([^=]+)/.exec(String(one));
    if (match !== null) fileOf.set(match[2] ?? '', match[1] ?? '');
  }
  return texts.map((text) => {
    const file = fileOf.get(text.split('=', 1)[0] ?? '');
    return file === undefined ? text : `${file}:${text}`;
  });
}
