/** `switchyard logs` */
import type { TrialDetail } from '../../contract/trials.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { ConnectionError } from '../../client/client-errors.ts';
import type { EngineClient } from '../../client/engine-client.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { findTrialId } from '../find-trial.ts';
import { followLog } from '../follow-log.ts';
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
}

export const build: BuildVerb = (context) =>
  createVerb(
    'logs',
    "Print a trial's output as it came: stdout and stderr together.",
    ['logs 14', 'logs 14 -f --tail 20', 'logs 14 --search "out of memory"'],
    context,
  )
    .argument('[id]', 'trial: 14, #14 or its name')
    .option('-f, --follow', 'go on until the attempt ends')
    .option('--attempt <n>', 'which attempt (default: the latest)')
    .option('-n, --tail <n>', 'only the last lines')
    .option('--search <text>', 'only lines with this text, upper and lower case alike')
    .action(async (word: string | undefined, flags: LogFlags) => {
      const id = await findTrialId(word, context);
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
      if (flags.search !== undefined) {
        await printHits(client, id, attempt, flags.search, flags.json === true, context);
        return;
      }
      const logPath = `/trials/${id}/attempts/${attempt}/log`;
      if (flags.json === true && flags.follow !== true) {
        context.terminal.print(JSON.stringify(await client.request<unknown>('GET', `${logPath}/info`), null, 2));
        return;
      }
      if (flags.follow === true) {
        await followLog(client, { id, attempt, tail, asJson: flags.json === true }, context);
      } else if (tail === null) {
        await copyAll(client, logPath, context);
      } else {
        await context.terminal.write((await readTail(client, logPath, tail)).bytes);
      }
    });

async function copyAll(client: EngineClient, logPath: string, context: CommandContext): Promise<void> {
  const stream = await client.open(logPath, {}, context.signal);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) await context.terminal.write(chunk);
  } catch (error) {
    throw new ConnectionError(error as NodeJS.ErrnoException);
  }
}

async function printHits(
  client: EngineClient,
  id: number,
  attempt: number,
  text: string,
  asJson: boolean,
  context: CommandContext,
): Promise<void> {
  const all: LogSearchHit[] = [];
  let from = 0;
  for (;;) {
    const { hits, more } = await client.request<{ hits: LogSearchHit[]; more: boolean }>(
      'GET',
      `/trials/${id}/attempts/${attempt}/log/search`,
      undefined,
      { q: text, limit: 1000, from },
    );
    if (asJson) all.push(...hits);
    else await context.terminal.write(Buffer.from(hits.map(({ line }) => `${line}\n`).join('')));
    const last = hits.at(-1);
    if (!more || last === undefined) break;
    from = last.offset + 1;
  }
  if (asJson) context.terminal.print(JSON.stringify({ hits: all }, null, 2));
}
