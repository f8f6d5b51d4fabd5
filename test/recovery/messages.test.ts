/** Messages out, on a real engine: told of an end, whatever happens to the engine in between. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Channel } from '../../electron/contract/messages.ts';
import { waitUntil } from '../support/processes.ts';
import { openYard } from '../support/yard.ts';

async function listen(port: number): Promise<{ server: http.Server; port: number; seen: Record<string, unknown>[] }> {
  const seen: Record<string, unknown>[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, seen };
}

test('a failure is told by webhook and command; what could not be told before a crash is told after it, and no secret lies about', async () => {
  const yard = await openYard();
  const { call } = yard.engine.api;
  const first = await listen(0);
  const told = path.join(yard.dir, 'told');
  const make = (name: string, target: unknown): Promise<Channel> =>
    call('POST', `/messages/channels/${name}`, { target });
  const url = `http://127.0.0.1:${first.port}/TOPSECRET`;
  expect(await make('hook', { kind: 'webhook', url })).toMatchObject({ shown: `http://127.0.0.1:${first.port}/…` });
  await make('shell', { kind: 'command', command: `echo "$SWITCHYARD_TITLE" >> ${told}` });
  expect(await call('POST', '/messages/channels/hook/test')).toMatchObject({ ok: true });
  const name = '$(touch owned)';
  const failed = await yard.submit({ name, entrypoint: 'exit 3' });
  await waitUntil(
    'both are told',
    () => first.seen.length === 2 && readFileSync(told, { encoding: 'utf8', flag: 'a+' }) !== '',
  );
  expect(first.seen[1]).toMatchObject({ event: 'failed', trialId: failed, exitCode: 3 });
  expect(readFileSync(told, 'utf8')).toBe(`#${failed} ${name} failed\n`);
  // Nobody listens while the next one ends.
  first.server.closeAllConnections();
  await new Promise((resolve) => first.server.close(resolve));
  const next = await yard.submit({ entrypoint: 'true' });
  await waitUntil('it was tried', async () => {
    const { channels } = await call<{ channels: Channel[] }>('GET', '/messages/channels');
    return channels.some(({ name: one, lastError }) => one === 'hook' && lastError !== null);
  });
  await yard.engine.kill9();
  const second = await listen(first.port);
  await yard.engine.restart();
  await waitUntil('it is told', () => second.seen.some(({ trialId }) => trialId === next), 60_000);
  for (const file of ['switchyard.db', 'switchyard.db-wal'])
    expect(readFileSync(path.join(yard.engine.dataDir, file)).includes('TOPSECRET')).toBe(false);
});
