/** `switchyard logs` */
import type { TrialDetail } from '../../contract/trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { ConnectionError } from '../../client/client-errors.ts';
import type { EngineClient } from '../../client/engine-client.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';
import { readTrialId } from '../find-trial.ts';
import { followLog } from '../follow-log.ts';
import { openLogOutput } from '../log-output.ts';
import { readTail } from '../log-tail.ts';
import { parseWholeNumber } from '../values.ts';

interface LogSearchHit {
  readonly offset: number;
  readonly line: string;
}

interface LogFlags {
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly attempt?: string;
  readonly tail?: string;
  readonly search?: string;
  readonly raw?: boolean;
  readonly allAttempts?: boolean;
}

export const build: BuildVerb = (context) =>
  createVerb(
    'logs',
    "Print a trial's output: stdout and stderr together. A terminal gets it as it came; into a file or a pipe go lines as they looked " +
      'in the end, without what a progress bar drew over.',
    ['logs 14', 'logs 14 -f --tail 20', 'logs 14 --search "out of memory"', 'logs 14 --all-attempts > log.txt'],
    context,
  )
    .argument('[id]', 'trial: 14, #14 or its name')
    .option('-f, --follow', 'go on until the attempt ends')
    .option('--attempt <n>', 'which attempt (default: the latest)')
    .option('--all-attempts', 'all attempts, one after the other')
    .option('--raw', 'byte for byte, also into a file or a pipe')
    .option('-n, --tail <n>', 'only the last lines')
    .option('--search <text>', 'only lines with this text, upper and lower case alike')
    .action(async (word: string | undefined, flags: LogFlags) => {
      const id = await readTrialId(word, context);
      if (flags.allAttempts === true && (flags.attempt !== undefined || flags.tail !== undefined))
        throw usageError('--all-attempts goes with neither --attempt nor --tail.', 'Leave one of them out.');
      const client = await context.connect();
      const tail = flags.tail === undefined ? null : parseWholeNumber(flags.tail, '--tail', 0, 10_000_000);
      const { trial } = await client.request<TrialDetail>('GET', `/trials/${id}`);
      const attempt =
        flags.attempt === undefined ? trial.attempt : parseWholeNumber(flags.attempt, '--attempt', 1, 1_000_000);
      if (attempt === 0 && flags.follow !== true)
        throw new CliError(
          ExitCode.refused,
          `#${id} has not started yet, so there is no log.`,
          `See why it waits: switchyard show ${id}. Wait for its log: switchyard logs ${id} -f`,
        );
      const attempts = flags.allAttempts === true ? range(1, attempt) : [attempt];
      const asJson = flags.json === true;
      if (flags.search !== undefined) {
        const hits: (LogSearchHit & { readonly attempt: number })[] = [];
        for (const one of attempts)
          for (const hit of await search(client, id, one, flags.search, asJson, context))
            hits.push({ attempt: one, ...hit });
        if (asJson) context.terminal.print(JSON.stringify({ hits }, null, 2));
        return;
      }
      if (asJson && flags.follow !== true) {
        const infos = await Promise.all(
          attempts.map((one) => client.request<unknown>('GET', `${logPathOf(id, one)}/info`)),
        );
        context.terminal.print(JSON.stringify(flags.allAttempts === true ? infos : infos[0], null, 2));
        return;
      }
      const output = openLogOutput(context, flags.raw === true || asJson);
      for (const one of attempts) {
        if (attempts.length > 1) context.terminal.note(context.terminal.paintError(`Attempt ${one} of #${id}:`, 'dim'));
        if (flags.follow === true && one === attempts.at(-1))
          await followLog(client, { id, attempt: one, tail, asJson }, output.context);
        else if (tail === null) await copyAll(client, logPathOf(id, one), output.context);
        else await output.context.terminal.write((await readTail(client, logPathOf(id, one), tail)).bytes);
        await output.end(one !== attempts.at(-1));
      }
    });

const logPathOf = (id: number, attempt: number): string => `/trials/${id}/attempts/${attempt}/log`;

function range(first: number, last: number): number[] {
  return last === 0 ? [0] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

async function copyAll(client: EngineClient, logPath: string, context: CommandContext): Promise<void> {
  const stream = await client.open(logPath, {}, context.signal);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) await context.terminal.write(chunk);
  } catch (error) {
    throw new ConnectionError(error as NodeJS.ErrnoException);
  }
}

/** Prints the lines that fit as they are found, unless they are to be printed as JSON. @returns them then */
async function search(
  client: EngineClient,
  id: number,
  attempt: number,
  text: string,
  asJson: boolean,
  context: CommandContext,
): Promise<readonly LogSearchHit[]> {
  const all: LogSearchHit[] = [];
  for (let from = 0; ;) {
    const { hits, more } = await client.request<{ hits: LogSearchHit[]; more: boolean }>(
      'GET',
      `${logPathOf(id, attempt)}/search`,
      undefined,
      { q: text, limit: 1000, from },
    );
    if (asJson) all.push(...hits);
    else await context.terminal.write(Buffer.from(hits.map(({ line }) => `${line}\n`).join('')));
    const last = hits.at(-1);
    if (!more || last === undefined) return all;
    from = last.offset + 1;
  }
}
