/** `switchyard notify` */
import type { Channel, ChannelBody, ChannelTarget, MessageTest, TrialMessages } from '../../contract/messages.ts';
import type { EngineClient } from '../../client/engine-client.ts';
import { createVerb, oneOf, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';
import { readTrialIds } from '../find-trial.ts';
import { formatTable, plain } from '../table.ts';
import { readStdin } from '../terminal.ts';
import { looksLikeTrialId } from '../trial-ids.ts';
import { parseDurationS } from '../values.ts';

interface NotifyFlags {
  readonly json?: boolean;
  readonly webhook?: string;
  readonly ntfy?: string;
  readonly token?: string;
  readonly mail?: string;
  readonly command?: string;
  readonly when?: string;
  readonly after?: string;
  readonly test?: boolean;
  readonly rm?: boolean;
  readonly to?: string;
}

const EVENTS = ['done', 'failed', 'asked'] as const;

export const build: BuildVerb = (context) =>
  createVerb(
    'notify',
    'Be told when trials are done or have failed: by a webhook, ntfy, mail or a command of your own, with or without a window.\n\n' +
      'Without anything it lists the channels. NAME with a target makes or changes one; trials with --to choose theirs.',
    [
      'notify phone --ntfy https://ntfy.sh/my-secret-topic --when failed',
      'notify team --webhook - < address.txt',
      'notify me --mail me@example.org --after 10m',
      `notify desk --command 'notify-send "$SWITCHYARD_TITLE" "$SWITCHYARD_TEXT"'`,
      'notify --test',
      'notify 14 15 --to phone',
    ],
    context,
  )
    .argument('[words...]', 'the name of a channel, or trials')
    .option('--webhook <url>', 'gets the message as JSON (Slack, Discord and others show it); "-" reads it from a pipe')
    .option('--ntfy <url>', 'server and topic')
    .option('--token <token>', 'of ntfy, where the topic needs one; "-" reads it from a pipe')
    .option('--mail <address>', "by this machine's sendmail")
    .option(
      '--command <line>',
      'a line for sh; the message is in SWITCHYARD_TITLE and SWITCHYARD_TEXT, and JSON on its input',
    )
    .option('--when <events>', 'done (completed or failed), failed, or asked (only trials that name it)')
    .option('--after <time>', 'only of trials that ran at least so long, for example 10m')
    .option('--test', 'send a test message, to NAME or to all')
    .option('--rm', 'remove the channel NAME')
    .option('--to <names>', 'for trials: these channels (phone,team), "none", or "default"')
    .action(async (words: string[], flags: NotifyFlags) => {
      const client = await context.connect();
      const [word] = words;
      if (flags.test === true) return testChannels(client, words, flags, context);
      if (flags.to !== undefined) return chooseForTrials(client, words, flags.to, flags, context);
      if (word === undefined) return listAll(client, flags, context);
      if (looksLikeTrialId(word)) return showTrials(client, words, flags, context);
      if (words.length > 1) throw usageError(`notify takes one name, not ${words.length}.`);
      const path = `/messages/channels/${encodeURIComponent(word)}`;
      if (flags.rm === true) {
        await client.request('DELETE', path);
        show(context, flags.json, { removed: word }, () => `${word} is removed.`);
        return;
      }
      const body: ChannelBody = {
        target: await readTarget(flags, context),
        events: oneOf(flags.when ?? 'done', EVENTS, '--when'),
        leastRanS: flags.after === undefined ? 0 : Math.round(parseDurationS(flags.after, '--after')),
      };
      const channel = await client.request<Channel>('POST', path, body);
      show(
        context,
        flags.json,
        channel,
        () => `${channel.name} sends to ${plain(channel.shown)}. Try it: switchyard notify --test ${channel.name}`,
      );
    });

async function readTarget(flags: NotifyFlags, context: CommandContext): Promise<ChannelTarget> {
  const given = (['webhook', 'ntfy', 'mail', 'command'] as const).filter((kind) => flags[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1)
    throw usageError(
      kind === undefined
        ? 'It does not say where to.'
        : `It can lead to one place only, not to ${given.join(' and ')}.`,
      'Write one of --webhook URL, --ntfy URL, --mail ADDRESS, --command LINE.',
    );
  if (flags.token !== undefined && kind !== 'ntfy') throw usageError('--token is for --ntfy.');
  const value = await readSecret(flags[kind] ?? '', context);
  if (kind === 'webhook') return { kind, url: value };
  if (kind === 'mail') return { kind, to: value };
  if (kind === 'command') return { kind, command: value };
  return { kind, url: value, ...(flags.token === undefined ? {} : { token: await readSecret(flags.token, context) }) };
}

/** "-" keeps it out of the list of processes and the shell's history. */
async function readSecret(value: string, { terminal }: CommandContext): Promise<string> {
  return value === '-' ? (await readStdin(terminal.stdin)).trim() : value;
}

async function listChannels(client: EngineClient): Promise<Channel[]> {
  return (await client.request<{ channels: Channel[] }>('GET', '/messages/channels')).channels;
}

async function listAll(client: EngineClient, flags: NotifyFlags, context: CommandContext): Promise<void> {
  const channels = await listChannels(client);
  if (channels.length === 0 && flags.json !== true) {
    context.terminal.note(
      'There are no channels yet. For example: switchyard notify phone --ntfy https://ntfy.sh/TOPIC',
    );
    return;
  }
  show(context, flags.json, { channels }, () =>
    formatTable(
      [
        { title: 'NAME' },
        { title: 'TO' },
        { title: 'WHEN' },
        { title: 'WAITING', align: 'right' },
        { title: 'LAST', flexible: true },
      ],
      channels.map((one) => [
        one.name,
        `${one.kind} ${plain(one.shown)}`,
        `${one.events}${one.leastRanS > 0 ? `, after ${one.leastRanS} s` : ''}`,
        String(one.waiting),
        one.lastError !== null ? plain(one.lastError.message) : one.lastSentAtMs === null ? '-' : 'sent',
      ]),
      context.terminal.width,
    ),
  );
}

async function testChannels(
  client: EngineClient,
  words: readonly string[],
  flags: NotifyFlags,
  context: CommandContext,
): Promise<void> {
  const names = words.length > 0 ? words : (await listChannels(client)).map(({ name }) => name);
  if (names.length === 0)
    throw new CliError(ExitCode.notFound, 'There are no channels to test.', 'Make one: switchyard notify --help');
  const results: (MessageTest & { readonly name: string })[] = [];
  for (const name of names)
    results.push({
      name,
      ...(await client.request<MessageTest>('POST', `/messages/channels/${encodeURIComponent(name)}/test`)),
    });
  show(context, flags.json, { results }, () =>
    results.map(({ name, ok, detail, remedy }) =>
      ok ? detail : `${name}: ${plain([detail, remedy].filter(Boolean).join(' '))}`,
    ),
  );
  if (results.some(({ ok }) => !ok)) throw new CliError(ExitCode.failed, 'Not every test message was sent.');
}

async function chooseForTrials(
  client: EngineClient,
  words: readonly string[],
  to: string,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<void> {
  const ids = await readTrialIds(words, context);
  const channels = to === 'default' ? null : to === 'none' ? [] : to.split(',').map((name) => name.trim());
  for (const id of ids) await client.request<TrialMessages>('POST', `/trials/${id}/messages`, { channels });
  show(context, flags.json, { trialIds: ids, channels }, () => ids.map((id) => sayTrial(id, channels)));
}

async function showTrials(
  client: EngineClient,
  words: readonly string[],
  flags: NotifyFlags,
  context: CommandContext,
): Promise<void> {
  const trials: { trialId: number; channels: string[] | null }[] = [];
  for (const trialId of await readTrialIds(words, context))
    trials.push({ trialId, ...(await client.request<TrialMessages>('GET', `/trials/${trialId}/messages`)) });
  show(context, flags.json, { trials }, () => trials.map(({ trialId, channels }) => sayTrial(trialId, channels)));
}

function sayTrial(id: number, channels: readonly string[] | null): string {
  if (channels === null) return `#${id} tells the channels whose "when" says so.`;
  return channels.length === 0 ? `#${id} tells nobody.` : `#${id} tells ${channels.join(', ')}.`;
}
