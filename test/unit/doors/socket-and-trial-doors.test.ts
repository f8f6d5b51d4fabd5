import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../../electron/contract/routes.ts';
import { createSocketFetch } from '../../../electron/client/socket-fetch.ts';
import { openSocketDoor, type SocketDoor } from '../../../electron/doors/socket-door.ts';
import { openTrialDoor, type TrialDoor } from '../../../electron/doors/trial-door.ts';
import { createFakeEngine, temporaryDirectory, type FakeEngine } from '../../fakes/engine.ts';
import { send, sendRaw } from './raw-http.ts';

let dir = '';
let engine: FakeEngine;
let door: SocketDoor | null = null;
let streamAborted: Promise<void>;
const logged: string[] = [];
const log = (message: string) => {
  logged.push(message);
};
const api = (pathname: string, init?: RequestInit) => new Request(`http://localhost${pathname}`, init);

beforeEach(() => {
  dir = temporaryDirectory();
  let aborted = () => {};
  streamAborted = new Promise((resolve) => {
    aborted = resolve;
  });
  engine = createFakeEngine(dir, (request, url) => {
    if (url.pathname !== '/api/v1/events') return null;
    request.signal.addEventListener('abort', aborted);
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
        cancel: aborted,
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    );
  });
});
afterEach(async () => {
  await door?.close();
  door = null;
  fs.rmSync(dir, { recursive: true, force: true });
});

async function openSocket(loginUrl: (() => string) | null = null): Promise<(request: Request) => Promise<Response>> {
  door = await openSocketDoor({
    fetch: (request) => engine.fetch(request),
    socketPath: engine.paths.socket,
    loginUrl,
    log,
  });
  return createSocketFetch(engine.paths.socket);
}

describe('the socket door', () => {
  it('is for its owner only and takes over from a left-over file', async () => {
    fs.writeFileSync(engine.paths.socket, 'left over');
    await openSocket();
    const found = fs.statSync(engine.paths.socket);
    expect(found.isSocket()).toBe(true);
    expect(found.mode & 0o777).toBe(0o600);
    await door?.close();
    expect(fs.existsSync(engine.paths.socket)).toBe(false);
  });

  it('makes a directory of its own that nobody else can enter', async () => {
    const socketPath = path.join(dir, 'run', 'engine.sock');
    door = await openSocketDoor({ fetch: (request) => engine.fetch(request), socketPath, loginUrl: null, log });
    expect(fs.statSync(path.dirname(socketPath)).mode & 0o777).toBe(0o700);
  });

  it('puts no socket behind a link somebody else could have made', async () => {
    fs.symlinkSync(dir, path.join(dir, 'link'));
    await expect(
      openSocketDoor({
        fetch: (request) => engine.fetch(request),
        socketPath: path.join(dir, 'link', 'engine.sock'),
        loginUrl: null,
        log,
      }),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('passes requests with query, body and headers', async () => {
    const socketFetch = await openSocket();
    const answer = await socketFetch(
      api('/api/v1/trials/actions?x=1', {
        method: 'POST',
        body: '{"a":"é"}',
        headers: { 'content-type': 'application/json' },
      }),
    );
    expect(await answer.json()).toEqual({ method: 'POST', path: '/api/v1/trials/actions', body: '{"a":"é"}' });
    expect((await socketFetch(api('/index.html'))).status).toBe(404);
    expect((await socketFetch(api('/api/v1/x', { method: 'POST', body: 'x'.repeat(MAX_BODY_BYTES + 1) }))).status).toBe(
      413,
    );
  });

  it('streams events, and the engine hears when the client leaves', async () => {
    const socketFetch = await openSocket();
    const leave = new AbortController();
    const answer = await socketFetch(api('/api/v1/events', { signal: leave.signal }));
    const first = await answer.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toBe('data: 1\n\n');
    leave.abort();
    await streamAborted;
  });

  it('makes login links for whoever may open it', async () => {
    const socketFetch = await openSocket(() => 'http://127.0.0.1:1/#token=t');
    const answer = await socketFetch(api('/api/v1/login-links', { method: 'POST' }));
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ url: 'http://127.0.0.1:1/#token=t' });
    expect((await socketFetch(api('/api/v1/login-links'))).status).toBe(405);
  });
});

describe('the trial door', () => {
  const authorization = 'Bearer good';
  const openDoor = (lastPort: number | null = null): Promise<TrialDoor> =>
    openTrialDoor({
      trialFetch: (request) => engine.trialFetch(request),
      admits: (request) => request.headers.get('authorization') === authorization,
      log,
      lastPort,
    });

  it('serves trials only, on loopback, and no page of a browser', async () => {
    const trialDoor = await openDoor();
    try {
      const { hostname, port, host } = new URL(trialDoor.processBaseUrl);
      expect(hostname).toBe('127.0.0.1');
      const target = { host: hostname, port, path: '/api/live', method: 'POST' };
      expect((await send(target, { host, authorization }, '{}')).status).toBe(200);
      expect((await send(target, { host: `evil.example:${port}`, authorization }, '{}')).status).toBe(403);
      expect((await send(target, { host, authorization, origin: `http://${host}` }, '{}')).status).toBe(403);
      expect((await send(target, { host, authorization }, 'x'.repeat(MAX_BODY_BYTES + 1))).status).toBe(413);
      expect((await send(target, { host, authorization: 'Bearer bad' }, '{}')).status).toBe(401);
      expect(engine.seen).toEqual(['trial POST /api/live']);
      expect(await trialDoor.containerBaseUrl(null)).toBeNull();
    } finally {
      await trialDoor.close();
    }
  });

  it('looks at the token before the body: who has none cannot make it hold a byte', async () => {
    const trialDoor = await openDoor();
    try {
      const { port, host } = new URL(trialDoor.processBaseUrl);
      // The body is announced and never sent: whoever waits for it does not answer.
      const head = `POST /trial/1/reports HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${MAX_BODY_BYTES}\r\n`;
      for (const more of ['', 'Authorization: Bearer bad\r\n'])
        expect(await sendRaw(Number(port), `${head}${more}\r\n`)).toMatch(/^HTTP\/1\.1 401 /);
    } finally {
      await trialDoor.close();
    }
  });

  it('reads only a few bodies at once, and the others after them', async () => {
    const trialDoor = await openDoor();
    const { hostname, port, host } = new URL(trialDoor.processBaseUrl);
    const slow = Array.from({ length: 8 }, () => {
      const headers = { host, authorization, 'content-length': 2 };
      const request = http.request({ hostname, port, path: '/slow', method: 'POST', headers, agent: false });
      request.flushHeaders();
      return request;
    });
    try {
      await Promise.all(slow.map(async (request) => (await once(request, 'socket'), request.write('{'))));
      let isAnswered = false;
      const after = send({ host: hostname, port, path: '/after', method: 'POST' }, { host, authorization }, '{}').then(
        (answer) => ((isAnswered = true), answer.status),
      );
      // A request that needs no place is answered meanwhile, which shows that the door is not just slow.
      expect((await send({ host: hostname, port, path: '/x' }, { host, authorization: 'no' })).status).toBe(401);
      expect(isAnswered).toBe(false);
      slow[0]?.end('}');
      expect(await after).toBe(200);
    } finally {
      for (const request of slow) request.on('error', () => {}).destroy();
      await trialDoor.close();
    }
  });

  it('opens for containers once Docker has its bridge', async () => {
    const trialDoor = await openDoor();
    try {
      expect(await trialDoor.containerBaseUrl(null)).toBeNull();
      const url = await trialDoor.containerBaseUrl('127.0.0.2');
      expect(url).toBe(`http://127.0.0.2:${trialDoor.port}`);
      expect(await trialDoor.containerBaseUrl('127.0.0.2')).toBe(url);
      const request = http.request(`${url}/api/live`, { method: 'POST', headers: { authorization } });
      request.end('{}');
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      expect(response.statusCode).toBe(200);
      response.resume();
      expect(await trialDoor.containerBaseUrl('192.0.2.1')).toBeNull();
      expect(logged.at(-1)).toContain('Docker bridge');
    } finally {
      await trialDoor.close();
    }
  });

  it('takes its last port again, and another where somebody has that', async () => {
    const first = await openDoor(null);
    const other = await openDoor(first.port);
    expect(other.port).not.toBe(first.port);
    await first.close();
    const again = await openDoor(first.port);
    expect(again.port).toBe(first.port);
    await Promise.all([other.close(), again.close()]);
  });
});
