/** The ways out, each against a stand-in for the other side: what is said arrives, and becomes part of no command, header or address. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ChannelTarget } from '../../../../electron/contract/messages.ts';
import type { DeliveryError, Message } from '../../../../electron/ports/messenger.ts';
import { createMessenger } from '../../../../native/messages/messenger.ts';
import { waitUntil } from '../../../support/processes.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-messages-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const nasty = '$(touch owned) `touch owned`; touch owned\r\nBcc: evil@example.org\n"ü';
const message: Message = {
  id: 'e-1',
  event: 'failed',
  trialId: 14,
  trialName: nasty,
  title: `#14 ${nasty} failed`,
  text: 'Failed after 3 min: exit code 1',
  exitCode: 1,
  ranMs: 180_000,
  endedAtMs: 0,
};
const deliver = (target: ChannelTarget, timeLimitMs = 10_000): Promise<void> =>
  createMessenger({ env: { PATH: `${dir}:${process.env['PATH'] ?? ''}` }, timeLimitMs }).deliver(
    target,
    message,
    new AbortController().signal,
  );
const failure = async (sending: Promise<void>): Promise<DeliveryError> =>
  sending.then(
    () => {
      throw new Error('this should have failed');
    },
    (error: unknown) => error as DeliveryError,
  );

describe('a command', () => {
  it('gets the message in its environment and on its input, and runs nothing that stands in it', async () => {
    const [env, input] = [path.join(dir, 'env'), path.join(dir, 'input')];
    await deliver({
      kind: 'command',
      command: `cd ${dir}; printf '%s|%s' "$SWITCHYARD_EVENT" "$SWITCHYARD_TRIAL_NAME" > ${env}; cat > ${input}`,
    });
    expect(readFileSync(env, 'utf8')).toBe(`failed|${nasty.replace('\r', ' ')}`);
    expect(JSON.parse(readFileSync(input, 'utf8'))).toMatchObject({ id: 'e-1', trialId: 14, exitCode: 1 });
    expect(existsSync(path.join(dir, 'owned'))).toBe(false);
  });
  it('that fails may be tried again; one that hangs is ended with all it started', async () => {
    expect(await failure(deliver({ kind: 'command', command: 'exit 3' }))).toMatchObject({
      message: 'The command ended with exit code 3.',
      transient: true,
    });
    const pidFile = path.join(dir, 'pid');
    const late = await failure(deliver({ kind: 'command', command: `sleep 300 & echo $! > ${pidFile}; wait` }, 500));
    expect(late.message).toContain('did not end within');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await waitUntil('what it started is gone', () => {
      try {
        process.kill(pid, 0);
        return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
      } catch {
        return true;
      }
    });
  });
});

interface Seen {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}
async function listen(
  status: number | null,
  headers: Record<string, string> = {},
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      if (status !== null) response.writeHead(status, headers).end('SECRET-ANSWER');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('a webhook', () => {
  it('gets the message as JSON, with what chats show', async () => {
    const { url, seen } = await listen(204);
    await deliver({ kind: 'webhook', url: `${url}/hook/SECRET` });
    expect(seen).toEqual([
      expect.objectContaining({
        path: '/hook/SECRET',
        body: expect.objectContaining({
          trialId: 14,
          content: expect.stringContaining('exit code 1') as string,
        }) as unknown,
      }),
    ]);
  });
  it.each([
    [404, false],
    [401, false],
    [429, true],
    [503, true],
  ])('that answers %d: to be tried again: %s; neither address nor answer is told', async (status, transient) => {
    const { url } = await listen(status);
    const error = await failure(deliver({ kind: 'webhook', url: `${url}/hook/SECRET` }));
    expect(error).toMatchObject({ transient });
    expect(`${error.message} ${error.remedy ?? ''}`).not.toMatch(/SECRET|127/);
  });
  it('leads nowhere else, is not waited for, and may be away', async () => {
    const other = await listen(200);
    const redirecting = await listen(307, { location: `${other.url}/elsewhere` });
    expect(await failure(deliver({ kind: 'webhook', url: redirecting.url }))).toMatchObject({ transient: false });
    expect(other.seen).toEqual([]);
    const silent = await listen(null);
    expect((await failure(deliver({ kind: 'webhook', url: silent.url }, 200))).message).toContain('no answer in time');
    expect(await failure(deliver({ kind: 'webhook', url: 'http://127.0.0.1:9/SECRET' }))).toMatchObject({
      transient: true,
      message: expect.not.stringContaining('SECRET') as string,
    });
  });
});

it('ntfy gets topic, title and token where they belong', async () => {
  const { url, seen } = await listen(200);
  await deliver({ kind: 'ntfy', url: `${url}/base/my-topic`, token: 'tk_1' });
  expect(seen[0]).toMatchObject({
    path: '/base/',
    headers: { authorization: 'Bearer tk_1' },
    body: { topic: 'my-topic', message: message.text, priority: 4 },
  });
  expect(seen[0]?.body['title']).not.toMatch(/[\r\n]/);
});

describe('mail', () => {
  it('is handed to sendmail; no line of it is of the trial', async () => {
    const file = path.join(dir, 'sendmail');
    writeFileSync(file, `#!/bin/sh\necho "$@" > ${dir}/args\ncat > ${dir}/mail\n`);
    chmodSync(file, 0o755);
    await deliver({ kind: 'mail', to: 'me@example.org' });
    expect(readFileSync(`${dir}/args`, 'utf8')).toBe('-i -- me@example.org\n');
    const [head = '', body = ''] = readFileSync(`${dir}/mail`, 'utf8').split('\n\n');
    expect(head).not.toMatch(/evil|touch/);
    expect(head.split('\n').map((line) => /^[A-Za-z-]+:|^ /.exec(line)?.[0])).not.toContain(undefined);
    const words = [...head.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)].map(([, word = '']) =>
      Buffer.from(word, 'base64').toString('utf8'),
    );
    expect(words.join('')).toBe(message.title.replaceAll(/\s+/g, ' '));
    expect(Buffer.from(body, 'base64').toString('utf8')).toContain('Failed after 3 min');
  });
  it('without a sendmail says what to do', async () => {
    const messenger = createMessenger({ env: { PATH: dir } });
    if (existsSync('/usr/sbin/sendmail') || existsSync('/usr/lib/sendmail')) return;
    const error = await failure(messenger.deliver({ kind: 'mail', to: 'me' }, message, new AbortController().signal));
    expect(error).toMatchObject({ transient: false, remedy: expect.stringContaining('webhook') as string });
  });
});
