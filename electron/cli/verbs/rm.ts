/** `switchyard rm` */
import { sayBytes } from '../../text/say.ts';
import { sendAction, showActionResult } from '../act-on-trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialIds, TRIAL_WORDS } from '../find-trial.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';

interface DeletePreview {
  readonly freesBytes: number;
  readonly checkpoints: number;
  readonly trials: number;
}

export const build: BuildVerb = (context) =>
  createVerb(
    'rm',
    'Delete finished trials with their logs, outputs and checkpoints. Asks first and says what it frees. This cannot be undone.',
    ['rm 14', 'rm 3-7 --yes'],
    context,
  )
    .argument('[ids...]', TRIAL_WORDS)
    .option('-y, --yes', 'do not ask')
    .action(async (words: string[], options: { json?: boolean; yes?: boolean }) => {
      const { terminal } = context;
      const ids = await readTrialIds(words, context, { meant: 'ended' });
      const client = await context.connect();
      const preview = await client.request<DeletePreview>('POST', '/trials/delete-preview', { trialIds: ids });
      if (options.yes !== true) {
        const what = `Delete ${count(preview.trials, 'trial')} with ${count(preview.checkpoints, 'checkpoint')}, ${sayBytes(preview.freesBytes)}?`;
        if (!terminal.stdinIsTTY) throw usageError(`${what} Nobody is here to be asked.`, 'Add --yes.');
        const answer = await terminal.ask(`${what} [y/N] `);
        if (answer === null || !/^y(es)?$/i.test(answer.trim()))
          throw new CliError(ExitCode.failed, 'Nothing was deleted.');
      }
      const result = await sendAction(context, ids, { action: 'delete' });
      showActionResult(context, options.json, result);
      if (options.json !== true) terminal.note(`Freed ${sayBytes(result.freedBytes ?? preview.freesBytes)}.`);
    });

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
