import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_BODY_BYTES } from '../../../electron/contract/routes.ts';
import { PREFERRED_PORT } from '../../../electron/doors/http-door.ts';
import { openDoors, type Doors } from '../../../electron/doors/open-doors.ts';
import { createFakeEngine, temporaryDirectory, type FakeEngine } from '../../fakes/engine.ts';
import { send, sendRaw, type Answer } from './raw-http.ts';

let dir = '';
let engine: FakeEngine;
let doors: Doors;
let port = 0;
let streamAborted: Promise<void>;
let self = '';

const uiRoot = () => path.join(dir, 'ui');
const problem = (answer: Answer): { code: string; detail: string; remedy?: string } => JSON.parse(answer.body);
const get = (pathname: string, headers: http.OutgoingHttpHeaders = {}) =>
  send({ port, host: '127.0.0.1', path: pathname }, { host: self, ...headers });
const post = (pathname: string, headers: http.OutgoingHttpHeaders, body: string | readonly string[]) =>
  send(
    { port, host: '127.0.0.1', path: pathname, method: 'POST' },
    { host: self, origin: `http://${self}`, 'content-type': 'application/json', ...headers },
    body,
  );
const exchange = (token: string, headers: http.OutgoingHttpHeaders = {}) =>
  post('/auth/exchange', headers, JSON.stringify({ token }));
const freshToken = () => new URL(doors.http.loginUrl()).hash.slice('#token='.length);

/** What a signed-in page sends: the browser its cookie, the page its key. */
async function signIn(): Promise<{ readonly cookie: string; readonly 'x-switchyard-page': string }> {
  const answer = await exchange(freshToken());
  const cookie = answer.headers['set-cookie']?.[0];
  if (cookie === undefined) throw new Error('no cookie');
  const { pageKey } = JSON.parse(answer.body) as { pageKey: string };
  return { cookie: cookie.slice(0, cookie.indexOf(';')), 'x-switchyard-page': pageKey };
}

beforeEach(async () => {
  dir = temporaryDirectory();
  fs.mkdirSync(path.join(uiRoot(), 'assets'), { recursive: true });
  fs.writeFileSync(
    path.join(uiRoot(), 'index.html'),
    '<!doctype html><meta nonce="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style>',
  );
  fs.writeFileSync(path.join(uiRoot(), 'assets', 'index-B3kF9a_x.js'), 'export {}');
  fs.writeFileSync(path.join(dir, 'secret.js'), 'secret');
  fs.symlinkSync(path.join(dir, 'secret.js'), path.join(uiRoot(), 'assets', 'linked.js'));
  let aborted = () => {};
  streamAborted = new Promise((resolve) => {
    aborted = resolve;
  });
  engine = createFakeEngine(dir, (request, url) => {
    if (url.pathname === '/api/v1/boom') throw new Error('secret detail');
    if (url.pathname !== '/api/v1/events') return null;
    request.signal.addEventListener('abort', aborted);
    const frame = new TextEncoder().encode('event: plan\ndata: {}\n\n');
    return new Response(new ReadableStream({ start: (controller) => controller.enqueue(frame), cancel: aborted }), {
      headers: { 'content-type': 'text/event-stream' },
    });
  });
  doors = await openDoors(engine, { uiRoot: uiRoot(), port: 0 });
  port = doors.http.port;
  self = `127.0.0.1:${port}`;
});

afterEach(async () => {
  await doors.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('signing in', () => {
  it('turns a token into a cookie that scripts and other sites do not get', async () => {
    const answer = await exchange(freshToken());
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(
        new RegExp(`^switchyard_${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/; Max-Age=\\d+$`),
      ),
    ]);
  });

  it('keeps the token in the fragment', () => {
    const url = new URL(doors.http.loginUrl());
    expect(url.pathname + url.search).toBe('/');
    expect(url.hash).toMatch(/^#token=[\w-]{43}$/);
  });

  it('refuses a wrong, a used and an ill-formed token, and lets nobody lock the owner out', async () => {
    const token = freshToken();
    await exchange(token);
    expect(problem(await exchange(token)).code).toBe('unauthenticated');
    expect((await post('/auth/exchange', {}, 'not json')).status).toBe(400);
    expect((await post('/auth/exchange', { 'content-type': 'text/plain' }, '{"token":"x"}')).status).toBe(415);
    expect((await post('/auth/exchange', {}, JSON.stringify({ token: 'x'.repeat(10_000) }))).status).toBe(413);
    for (let i = 0; i < 40; i += 1) expect((await exchange('wrong')).status).toBe(401);
    expect((await exchange(freshToken())).status).toBe(200);
  });

  it('refuses a token brought by another site', async () => {
    expect((await exchange(freshToken(), { origin: 'http://evil.example' })).status).toBe(403);
  });
});

describe('the API', () => {
  it('is closed without a session', async () => {
    for (const cookie of ['', `switchyard_${port}=guess`, 'switchyard_1=x'])
      expect(problem(await get('/api/v1/state', { cookie })).code).toBe('unauthenticated');
    expect((await get('/api/v1/events')).status).toBe(401);
    expect(engine.seen).toEqual([]);
  });

  it('is closed to the cookie alone, which every server on this host receives, and to the page key alone', async () => {
    const { cookie, 'x-switchyard-page': pageKey } = await signIn();
    const other = await signIn();
    for (const half of [{ cookie }, { 'x-switchyard-page': pageKey }, { ...other, cookie }])
      for (const pathname of ['/api/v1/state', '/api/v1/events', '/api/v1/trials/1/attempts/1/log?download=1'])
        expect((await get(pathname, half)).status).toBe(401);
    expect((await post('/auth/download-tickets', { cookie }, '{"path":"/api/v1/state"}')).status).toBe(401);
    expect(engine.seen).toEqual([]);
    expect((await get('/api/v1/state', { cookie, 'x-switchyard-page': pageKey })).status).toBe(200);
  });

  it('lets a link download once, one address, for the session that asked', async () => {
    const pass = await signIn();
    const target = '/api/v1/trials/1/attempts/1/log?download=1';
    const ticketFor = async (path: string): Promise<string> =>
      (JSON.parse((await post('/auth/download-tickets', pass, JSON.stringify({ path }))).body) as { ticket: string })
        .ticket;
    const { cookie } = pass;
    const ticket = await ticketFor(target);
    expect((await get(`/api/v1/state?ticket=${ticket}`, { cookie })).status).toBe(401);
    expect((await get(`${target}&ticket=${ticket}`, { cookie: (await signIn()).cookie })).status).toBe(401);
    expect((await get(`${target}&ticket=${ticket}`, { cookie })).status).toBe(200);
    expect((await get(`${target}&ticket=${ticket}`, { cookie })).status).toBe(401);
    const path = '/api/v1/experiments';
    expect((await post(`${path}?ticket=${await ticketFor(path)}`, { cookie }, '{}')).status).toBe(401);
    expect(engine.seen).toEqual(['GET /api/v1/trials/1/attempts/1/log']);
  });

  it('passes requests and bodies on', async () => {
    const pass = await signIn();
    const answer = await post('/api/v1/trials/actions?x=1', pass, '{"a":1}');
    expect(JSON.parse(answer.body)).toEqual({ method: 'POST', path: '/api/v1/trials/actions', body: '{"a":1}' });
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(answer.headers['content-security-policy']).toContain('sandbox');
  });

  it('answers no foreign Host, whatever the cookie (DNS rebinding)', async () => {
    const pass = await signIn();
    for (const host of [`evil.example:${port}`, `127.0.0.1:${port + 1}`, `127.0.0.1.evil.example:${port}`]) {
      expect(problem(await get('/api/v1/state', { host, ...pass })).code).toBe('forbidden');
      expect((await get('/', { host })).status).toBe(403);
    }
    expect((await get('/api/v1/state', { host: `localhost:${port}`, ...pass })).status).toBe(200);
    expect(engine.seen).toEqual(['GET /api/v1/state']);
  });

  it('answers no foreign Origin, reading or writing, and no other port of this host', async () => {
    const pass = await signIn();
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:3000', `http://localhost:${port}`]) {
      expect((await post('/api/v1/engine/shutdown', { origin, ...pass }, '{}')).status).toBe(403);
      expect((await get('/api/v1/events', { origin, ...pass })).status).toBe(403);
    }
    expect(
      (
        await send(
          { port, host: '127.0.0.1', path: '/api/v1/engine/shutdown', method: 'POST' },
          { host: self, ...pass },
          '{}',
        )
      ).status,
    ).toBe(403);
    expect((await get('/api/v1/state', { ...pass, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect(engine.seen).toEqual([]);
  });

  it('says nothing about CORS, not even to a preflight', async () => {
    const pass = await signIn();
    const preflight = await send(
      { port, host: '127.0.0.1', path: '/api/v1/state', method: 'OPTIONS' },
      { host: self, origin: `http://${self}`, ...pass, 'access-control-request-method': 'PATCH' },
    );
    expect(preflight.status).toBe(405);
    for (const answer of [
      preflight,
      await get('/api/v1/state', { ...pass, origin: `http://${self}` }),
      await get('/'),
    ]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('refuses a body over the limit, announced or in chunks, and lives on', async () => {
    const pass = await signIn();
    const big = 'x'.repeat(MAX_BODY_BYTES / 4 + 1);
    const announced = await post('/api/v1/experiments', { ...pass, 'content-length': MAX_BODY_BYTES + 1 }, 'x').catch(
      () => null,
    );
    expect(announced?.status ?? 413).toBe(413);
    const chunked = await post('/api/v1/experiments', { ...pass, 'transfer-encoding': 'chunked' }, [
      big,
      big,
      big,
      big,
    ]);
    expect(problem(chunked).code).toBe('body_too_large');
    expect(engine.seen).toEqual([]);
    expect((await post('/api/v1/experiments', pass, 'x'.repeat(MAX_BODY_BYTES))).status).toBe(200);
  });

  it('hides what went wrong inside behind an id that is in the log', async () => {
    const answer = await get('/api/v1/boom', await signIn());
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret detail');
    const id = /error id ([\w-]+)/.exec(problem(answer).detail)?.[1] ?? 'none';
    expect(fs.readFileSync(engine.paths.engineLog, 'utf8')).toContain(id);
  });

  it('makes no login links for browsers', async () => {
    expect((await post('/api/v1/login-links', await signIn(), '')).status).toBe(403);
  });

  it('does not let a dotted path past the session check', async () => {
    for (const pathname of ['/x/../api/v1/state', '/%2e%2e/api/v1/state', '//api/v1/state', '/api/../api/v1/state']) {
      const answer = await get(pathname);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    expect(engine.seen).toEqual([]);
  });
});

describe('event streams', () => {
  const readEvents = async (): Promise<http.ClientRequest> => {
    const pass = await signIn();
    const headers = { host: self, ...pass };
    return http.get({ port, host: '127.0.0.1', path: '/api/v1/events', agent: false, headers });
  };

  it('pass through at once, and the engine hears that the reader left', async () => {
    const request = await readEvents();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const [chunk] = (await once(response, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('event: plan\ndata: {}\n\n');
    request.destroy();
    await streamAborted;
  });

  it('do not keep the door from closing', async () => {
    const request = await readEvents();
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    const ended = once(response, 'end');
    await doors.close();
    await ended;
    // Ended as a whole, not cut off when patience ran out.
    expect(response.complete).toBe(true);
    await streamAborted;
  });
});

describe('many slow connections of somebody else', () => {
  it('give way, oldest first, while the owner’s stays and new ones are served', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const pass = await signIn();
    const ask = () =>
      send({ port, host: '127.0.0.1', path: '/api/v1/state', agent }, { host: self, ...pass }).then(
        ({ status }) => status,
      );
    expect(await ask()).toBe(200);
    const [mine] = Object.values(agent.freeSockets).flat();
    const strangers: net.Socket[] = [];
    try {
      for (let i = 0; i < 1_100; i += 1) {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', () => {});
        strangers.push(socket);
        await once(socket, 'connect');
        socket.write('POST /auth/exchange HTTP/1.1\r\n');
      }
      expect((await get('/')).status).toBe(200);
      expect(await ask()).toBe(200);
      expect(Object.values(agent.freeSockets).flat()[0]).toBe(mine);
      await vi.waitFor(() => expect(strangers[0]?.closed).toBe(true));
      expect(strangers.at(-1)?.closed).toBe(false);
    } finally {
      for (const socket of strangers) socket.destroy();
      agent.destroy();
    }
  });
});

describe('what is not HTTP', () => {
  it.each([
    ['garbage', 'hello\r\n\r\n'],
    ['two lengths', 'POST /auth/exchange HTTP/1.1\r\nHost: SELF\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    [
      'length and chunks',
      'POST /auth/exchange HTTP/1.1\r\nHost: SELF\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: SELF\r\nX: a\u0000b\r\n\r\n'],
    [
      'another Host in the target',
      'GET http://evil.example/api/v1/state HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    ],
    ['a target that is no path', 'GET secret.js HTTP/1.1\r\nHost: SELF\r\nConnection: close\r\n\r\n'],
    ['a backslash in the path', 'GET /..\\secret.js HTTP/1.1\r\nHost: SELF\r\nConnection: close\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: SELF\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
  ])('%s is refused', async (_, bytes) => {
    const said = await sendRaw(port, bytes.replace('SELF', self));
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(said).not.toMatch(/\n\s+at /);
    expect((await get('/')).status).toBe(200);
  });

  it('two Host headers are refused', async () => {
    const said = await sendRaw(
      port,
      `GET / HTTP/1.1\r\nHost: ${self}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    );
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe('the UI files', () => {
  it('carry the policy with a nonce of their own', async () => {
    const pages = [await get('/'), await get('/trial/14')];
    const nonces = pages.map((page) => /'nonce-([\w-]+)'/.exec(String(page.headers['content-security-policy']))?.[1]);
    expect(new Set(nonces).size).toBe(2);
    for (const [i, page] of pages.entries()) {
      expect(page.status).toBe(200);
      expect(page.body).toBe(`<!doctype html><meta nonce="${nonces[i]}"><style nonce="${nonces[i]}"></style>`);
      expect(page.headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });

  it('are cached for good when their name says what is in them', async () => {
    const asset = await get('/assets/index-B3kF9a_x.js');
    expect(asset).toMatchObject({ status: 200, body: 'export {}' });
    expect(asset.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  });

  it('never come from outside their directory', async () => {
    for (const pathname of [
      '/assets/linked.js',
      '/../secret.js',
      '/%2e%2e/secret.js',
      '/assets/..%2f..%2fsecret.js',
      '/..%5csecret.js',
      '/assets/%00.js',
      '/assets/missing.js',
      '/assets/index-B3kF9a_x.js/x.js',
    ]) {
      const answer = await get(pathname);
      expect(answer.status, pathname).toBe(404);
      expect(answer.body).not.toContain('secret');
    }
  });

  it('are only read', async () => {
    expect((await post('/', {}, '')).status).toBe(405);
    expect(await send({ port, host: '127.0.0.1', path: '/', method: 'HEAD' }, { host: self })).toMatchObject({
      status: 200,
      body: '',
    });
  });

  it('say how to build them when they are missing', async () => {
    fs.rmSync(uiRoot(), { recursive: true });
    const answer = await get('/');
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('npm run build');
  });
});

describe('where the doors are', () => {
  it('is written for the command line, privately, and gone afterwards', async () => {
    const file = path.join(dir, 'http.json');
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toEqual({ url: `http://127.0.0.1:${port}/`, pid: process.pid });
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    await doors.close();
    expect(fs.existsSync(file)).toBe(false);
  });

  it('is another port when the usual one is taken, but never when one was asked for', async () => {
    const otherDir = temporaryDirectory();
    const other = createFakeEngine(otherDir);
    try {
      await expect(openDoors(other, { uiRoot: uiRoot(), port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const blocker = http.createServer();
      // Whether we or somebody else holds the usual port: it is taken.
      await new Promise<void>((resolve) => {
        blocker.once('error', () => resolve()).listen(PREFERRED_PORT, '127.0.0.1', () => resolve());
      });
      const fallback = await openDoors(other, { uiRoot: uiRoot(), port: null });
      expect(fallback.http.port).not.toBe(PREFERRED_PORT);
      await fallback.close();
      blocker.close();
    } finally {
      fs.rmSync(otherDir, { recursive: true, force: true });
    }
  });

  it('is the port of before, however the engine ended; when that is taken, the sessions that knew it end', async () => {
    const otherDir = temporaryDirectory();
    const other = createFakeEngine(otherDir);
    const blocker = http.createServer();
    try {
      const first = await openDoors(other, { uiRoot: uiRoot(), port: 0 });
      const known = first.http.port;
      const knock = async (headers: http.OutgoingHttpHeaders, at: number): Promise<number> =>
        (
          await send(
            { port: at, host: '127.0.0.1', path: '/api/v1/state' },
            { ...headers, host: `127.0.0.1:${at}`, connection: 'close' },
          )
        ).status;
      const answer = await send(
        { port: known, host: '127.0.0.1', path: '/auth/exchange', method: 'POST' },
        { host: `127.0.0.1:${known}`, origin: `http://127.0.0.1:${known}`, 'content-type': 'application/json' },
        JSON.stringify({ token: new URL(first.http.loginUrl()).hash.slice('#token='.length) }),
      );
      const secret = String(answer.headers['set-cookie']?.[0]).split(/[=;]/)[1] ?? '';
      const pass = (at: number): http.OutgoingHttpHeaders => ({
        cookie: `switchyard_${at}=${secret}`,
        'x-switchyard-page': (JSON.parse(answer.body) as { pageKey: string }).pageKey,
      });
      await first.close();
      const second = await openDoors(other, { uiRoot: uiRoot(), port: null });
      expect(second.http.port).toBe(known);
      expect(await knock(pass(known), known)).toBe(200);
      await second.close();
      blocker.listen(known, '127.0.0.1');
      await once(blocker, 'listening');
      const third = await openDoors(other, { uiRoot: uiRoot(), port: null });
      expect(third.http.port).not.toBe(known);
      expect(await knock(pass(third.http.port), third.http.port)).toBe(401);
      expect(fs.readFileSync(other.paths.engineLog, 'utf8')).toContain(`port ${known}`);
      await third.close();
    } finally {
      blocker.close();
      fs.rmSync(otherDir, { recursive: true, force: true });
    }
  });
});
