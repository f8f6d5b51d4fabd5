/** `switchyard example` */
import type { SubmitResult } from '../../contract/config.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { formatTable } from '../table.ts';
import { waitForTrials } from '../wait-for-trials.ts';

interface Example {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

export const build: BuildVerb = (context) =>
  createVerb(
    'example',
    'Queue a bundled example; without a name the first one.',
    ['example', 'example --list', 'example digits --wait'],
    context,
  )
    .argument('[id]', 'which one')
    .option('--list', 'show which there are')
    .option('-w, --wait', 'wait until it is done')
    .action(async (id: string | undefined, flags: { json?: boolean; list?: boolean; wait?: boolean }) => {
      const client = await context.connect();
      const { examples } = await client.request<{ examples: Example[] }>('GET', '/examples');
      if (flags.list === true) {
        show(context, flags.json, { examples }, () =>
          formatTable(
            [{ title: 'ID' }, { title: 'TITLE' }, { title: '', flexible: true }],
            examples.map((one) => [one.id, one.title, one.description]),
            context.terminal.width,
          ),
        );
        return;
      }
      const chosen = id === undefined ? examples[0] : examples.find((one) => one.id === id);
      if (chosen === undefined)
        throw new CliError(
          ExitCode.notFound,
          id === undefined ? 'No examples came with this installation.' : `There is no example "${id}".`,
          examples.length === 0
            ? null
            : `There ${examples.length === 1 ? 'is' : 'are'} ${examples.map((one) => one.id).join(', ')}.`,
        );
      const result = await client.request<SubmitResult>('POST', `/examples/${encodeURIComponent(chosen.id)}/run`);
      show(context, flags.json, result, () => [
        `Queued ${result.trialIds.map((one) => `#${one}`).join(', ')}: ${chosen.title}.`,
        `Watch it: switchyard logs ${result.trialIds[0] ?? ''} -f`,
      ]);
      if (flags.wait === true) await waitForTrials(result.trialIds, context);
    });
