/** Finding the engine that owns a data directory, waiting for it, asking it for a login link, and following its feed. */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError, RefusedError } from '../../../electron/client/client-errors.ts';
import { createEngineClient } from '../../../electron/client/engine-client.ts';
import { findSocket, waitForSocket } from '../../../electron/client/find-engine.ts';
import { followFeed } from '../../../electron/client/follow-feed.ts';
import { askForLoginLink } from '../../../electron/client/login-link.ts';
import { createSocketFetch } from '../../../electron/client/socket-fetch.ts';
import { openSocketDoor, type SocketDoor } from '../../../electron/doors/socket-door.ts';
import type { FeedFrame } from '../../../electron/ports/engine-api.ts';
import { createFakeEngine, temporaryDirectory, type FakeEngine } from '../../fakes/engine.ts';

const LOGIN_URL = 'http://127.0.0.1:1/#token=t';

let dir = '';
let engine: FakeEngine;
const doors: SocketDoor[] = [];

async function openDoor(loginUrl: (() => string) | null = () => LOGIN_URL): Promise<SocketDoor> {
  const { socket: socketPath } = engine.paths;
  const door = await openSocketDoor({
    fetch: (request) => engine.fetch(request),
    socketPath,
    loginUrl,
    log: () => undefined,
  });
  doors.push(door);
  return door;
}

beforeEach(() => {
  dir = temporaryDirectory();
  engine = createFakeEngine(dir);
});
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('the socket of a running engine', () => {
  it('is none when nobody listens on its file', async () => {
    expect(await findSocket(engine.paths)).toBeNull();
    fs.writeFileSync(engine.paths.socket, '');
    expect(await findSocket(engine.paths)).toBeNull();
  });
  it('is the one the lock names, else the usual one', async () => {
    await openDoor();
    expect(await findSocket(engine.paths)).toBe(engine.paths.socket);
    fs.writeFileSync(engine.paths.lock, '{"socket": 7}');
    expect(await findSocket(engine.paths)).toBe(engine.paths.socket);
    const elsewhere = path.join(dir, 'elsewhere.sock');
    fs.writeFileSync(engine.paths.lock, JSON.stringify({ socket: elsewhere }));
    expect(await findSocket(engine.paths)).toBe(engine.paths.socket);
    const server = http.createServer();
    await new Promise<void>((resolve) => void server.listen(elsewhere, resolve));
    expect(await findSocket(engine.paths)).toBe(elsewhere);
    await new Promise((resolve) => void server.close(resolve));
  });
  it('is waited for, as long as the wait is not in vain', async () => {
    const waiting = waitForSocket(engine.paths, 10_000);
    await openDoor();
    expect(await waiting).toBe(engine.paths.socket);
    await doors.pop()?.close();
    let looks = 0;
    expect(await waitForSocket(engine.paths, 60_000, () => (looks += 1) === 3)).toBeNull();
    expect(looks).toBe(3);
  });
});

describe('a login link', () => {
  it('comes from an engine that serves a browser, also one that is just starting', async () => {
    const asking = askForLoginLink(engine.paths, 10_000);
    await openDoor();
    expect(await asking).toEqual({ kind: 'browser', url: LOGIN_URL });
  });
  it('is not to be had from the desktop app, nor from nobody', async () => {
    expect(await askForLoginLink(engine.paths, 0)).toEqual({ kind: 'silent' });
    await openDoor(null);
    expect(await askForLoginLink(engine.paths, 0)).toEqual({ kind: 'desktop' });
  });
});

describe('requests', () => {
  it('carry JSON both ways; refusals keep their problem, and a broken connection is told apart', async () => {
    engine = createFakeEngine(dir, (_request, { pathname }) => {
      if (pathname.endsWith('/refused'))
        return Response.json({ code: 'stale_revision', detail: 'Too late.', path: 'rank' }, { status: 409 });
      if (pathname.endsWith('/html')) return new Response('<html>', { status: 502 });
      return pathname.endsWith('/words') ? new Response('not JSON') : null;
    });
    const door = await openDoor();
    const client = createEngineClient(engine.paths.socket);
    try {
      expect(await client.request('POST', '/trials', { a: 'ü' }, { limit: 5 })).toEqual({
        method: 'POST',
        path: '/api/v1/trials',
        body: '{"a":"ü"}',
      });
      const refusalOf = (address: string) => client.request('GET', address).catch((error: unknown) => error);
      const refused = await refusalOf('/refused');
      expect(refused).toBeInstanceOf(RefusedError);
      expect(refused).toMatchObject({ status: 409, message: 'Too late.', problem: { path: 'rank' } });
      expect(await refusalOf('/html')).toMatchObject({ status: 502, message: 'The engine answered 502.' });
      expect(await refusalOf('/words')).toMatchObject({ name: 'RefusedError', status: 200 });
      await door.close();
      expect(await refusalOf('/refused')).toBeInstanceOf(ConnectionError);
    } finally {
      client.close();
    }
  });
});

it('follows the feed across connections, and says when it is away', async () => {
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  engine = createFakeEngine(dir, (_request, { pathname }) =>
    pathname === '/api/v1/events'
      ? new Response(new ReadableStream({ start: (controller) => void bodies.push(controller) }), {
          headers: { 'content-type': 'text/event-stream' },
        })
      : null,
  );
  await openDoor();
  const connections: boolean[] = [];
  const frames: FeedFrame[] = [];
  const stop = followFeed({
    fetch: createSocketFetch(engine.paths.socket),
    onFrame: (frame) => void frames.push(frame),
    onConnection: (isConnected) => void connections.push(isConnected),
    retryMs: 1,
  });
  const say = (index: number, text: string): void => bodies[index]?.enqueue(new TextEncoder().encode(text));
  await vi.waitFor(() => expect(bodies).toHaveLength(1));
  say(0, 'event: notices\nda');
  say(0, 'ta: []\n\n');
  await vi.waitFor(() => expect(frames).toEqual([{ event: 'notices', data: [] }]));
  bodies[0]?.close();
  await vi.waitFor(() => expect(bodies).toHaveLength(2));
  // Half a frame breaks one connection, not the follower.
  say(1, 'event: notices\ndata: [}\n\n');
  await vi.waitFor(() => expect(connections).toEqual([true, false, true, false, true]));
  stop();
  await vi.waitFor(() => expect(() => say(2, ':\n')).toThrow());
  expect(frames).toHaveLength(1);
});
