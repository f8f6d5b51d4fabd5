/**
 * Messages out of the machine: a command of the user's, a webhook, ntfy, or mail through the local sendmail.
 *
 * What is said (names and reasons come from trials) never becomes part of a command line, a header or an address: it goes as JSON on
 * standard input, in variables of the environment, or in a body.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { ChannelTarget } from '../../electron/contract/messages.ts';
import { DeliveryError, type Message, type Messenger } from '../../electron/ports/messenger.ts';
import { postJson } from './post-json.ts';
import { runProgram } from './run-program.ts';

const TIME_LIMIT_MS = 30_000;
const POST_LIMIT_MS = 15_000;
/** Variables of the environment and mails are not for books. */
const MAX_TEXT_CHARS = 4_000;
/** They have no place in a variable or in a mail; tabs and line ends may stay. */
// eslint-disable-next-line no-control-regex -- control characters are what it takes out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const SENDMAIL_DIRS = ['/usr/sbin', '/usr/lib', '/usr/local/sbin'] as const;

export interface MessengerOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** For tests. */
  readonly timeLimitMs?: number;
}

export function createMessenger(options: MessengerOptions = {}): Messenger {
  const env = options.env ?? process.env;
  const timeoutMs = options.timeLimitMs ?? TIME_LIMIT_MS;
  const postMs = options.timeLimitMs ?? POST_LIMIT_MS;

  return {
    async deliver(target, message, signal) {
      const said = cutMessage(message);
      if (target.kind === 'command')
        await runProgram({
          what: 'The command',
          file: 'sh',
          args: ['-c', target.command],
          env: { ...env, ...variablesOf(said) },
          input: `${JSON.stringify(said)}\n`,
          timeoutMs,
          signal,
        });
      else if (target.kind === 'webhook')
        // "text" is what Slack and Mattermost show, "content" what Discord does.
        await postJson({
          what: 'The webhook',
          url: target.url,
          body: { ...said, text: `${said.title}\n${said.text}`, content: `${said.title}\n${said.text}` },
          timeoutMs: postMs,
          signal,
        });
      else if (target.kind === 'ntfy') await publish(target, said, postMs, signal);
      else
        await runProgram({
          what: 'sendmail',
          file: findSendmail(env),
          args: ['-i', '--', target.to],
          env,
          input: mailOf(target.to, said),
          timeoutMs,
          signal,
        });
    },
  };
}

/** ntfy takes JSON at its root, with the topic in it: so a title may have any letters. */
function publish(
  { url, token }: Extract<ChannelTarget, { kind: 'ntfy' }>,
  { title, text, event }: Message,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const cut = url.lastIndexOf('/');
  return postJson({
    what: 'ntfy',
    url: url.slice(0, cut + 1),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    body: { topic: url.slice(cut + 1), title, message: text, priority: event === 'failed' ? 4 : 3 },
    timeoutMs,
    signal,
  });
}

function cutMessage(message: Message): Message {
  const clean = (text: string): string => text.replaceAll(CONTROLS, ' ').slice(0, MAX_TEXT_CHARS);
  return {
    ...message,
    trialName: message.trialName === null ? null : clean(message.trialName),
    title: clean(message.title).replaceAll(/\s+/g, ' '),
    text: clean(message.text),
  };
}

function variablesOf(message: Message): Record<string, string> {
  return {
    SWITCHYARD_EVENT: message.event,
    SWITCHYARD_TRIAL_ID: message.trialId === null ? '' : String(message.trialId),
    SWITCHYARD_TRIAL_NAME: message.trialName ?? '',
    SWITCHYARD_TITLE: message.title,
    SWITCHYARD_TEXT: message.text,
  };
}

/** A mail whose every line of the program's making is encoded: nothing in it can become a header. */
function mailOf(to: string, { id, title, text, endedAtMs }: Message): string {
  const encoded = (value: string): string => Buffer.from(value, 'utf8').toString('base64');
  // An encoded word has at most 75 characters; a character of UTF-8 is not cut in two.
  const words = Array.from(title.match(/.{1,10}/gsu) ?? [''], (part) => `=?UTF-8?B?${encoded(part)}?=`);
  return [
    `To: ${to}`,
    `Subject: ${words.join('\n ')}`,
    `Date: ${new Date(endedAtMs).toUTCString().replace('GMT', '+0000')}`,
    `X-Switchyard-Id: ${id}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(encoded(`${title}\n\n${text}\n`).match(/.{1,76}/g) ?? []),
    '',
  ].join('\n');
}

/** @throws DeliveryError where there is none */
function findSendmail(env: NodeJS.ProcessEnv): string {
  const dirs = [...(env['PATH'] ?? '').split(path.delimiter).filter((dir) => path.isAbsolute(dir)), ...SENDMAIL_DIRS];
  for (const dir of dirs) {
    const file = path.join(dir, 'sendmail');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next.
    }
  }
  throw new DeliveryError(
    'There is no sendmail on this machine.',
    false,
    'Install one that can send mail (msmtp-mta, postfix), or use a webhook, ntfy or a command.',
  );
}
