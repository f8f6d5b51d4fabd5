/** What a hostile page in the same browser can do: nothing. */
import { createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from './app.ts';

test.skip(process.env['E2E_SHELL'] === 'electron', 'the desktop window has no door for browsers');

interface Fetching {
  fetch(url: string, init?: object): Promise<{ ok: boolean; status: number }>;
}

test('a login link works once, and nobody gets in without one', async ({ app: { page, engine, tolerate } }) => {
  tolerate(/Failed to load resource/);
  const browser = page.context().browser();
  if (browser === null) throw new Error('this page has no browser');
  // The address bar does not keep the token.
  expect(page.url()).not.toContain('token');

  for (const address of [engine.url, new URL(engine.url).origin]) {
    const stranger = await browser.newContext();
    const tab = await stranger.newPage();
    await tab.goto(address);
    await expect(tab.getByRole('heading', { name: 'This engine wants a login link' })).toBeVisible();
    expect(
      await tab.evaluate(async () => (await (globalThis as unknown as Fetching).fetch('/api/v1/state')).status),
    ).toBe(401);
    await stranger.close();
  }
  const { url } = await engine.api.call<{ url: string }>('POST', '/login-links');
  const friend = await browser.newContext();
  const tab = await friend.newPage();
  await tab.goto(url);
  await expect(tab.getByRole('navigation', { name: 'Pools' })).toBeVisible();
  await friend.close();
});

test('a page of another origin can neither read nor change anything, with the user’s cookie at hand', async ({
  app: { page, origin, engine },
}) => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<title>elsewhere</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Another port of 127.0.0.1 is the same site, so even a strict cookie would come along: the door itself must refuse.
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hostile = await page.context().newPage();
  await hostile.goto(elsewhere);
  const attack = (path: string, init: object): Promise<string> =>
    hostile.evaluate(
      async ([address, options]) => {
        try {
          const answer = await (globalThis as unknown as Fetching).fetch(address as string, options as object);
          return `answered ${answer.status}`;
        } catch {
          return 'refused';
        }
      },
      [`${origin}${path}`, init] as const,
    );

  expect(await attack('/api/v1/state', { credentials: 'include' })).toBe('refused');
  expect(
    await attack('/api/v1/pools/workstation/actions', {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: '{"action":"pause"}',
    }),
  ).toBe('refused');
  // No preflight for these: the request arrives, and the door turns it away.
  expect(
    await attack('/api/v1/pools/workstation/actions', {
      method: 'POST',
      mode: 'no-cors',
      credentials: 'include',
      headers: { 'content-type': 'text/plain' },
      body: '{"action":"pause"}',
    }),
  ).toBe('refused');
  expect((await engine.api.state()).pools[0]?.state).toBe('open');
  // The same with the user's cookie for certain, as it looks to the door.
  const forged = await page.request.post(`${origin}/api/v1/pools/workstation/actions`, {
    headers: { origin: elsewhere },
    data: { action: 'pause' },
  });
  expect(forged.status()).toBe(403);
  expect((await engine.api.state()).pools[0]?.state).toBe('open');
  await hostile.close();
  server.close();
});

test('another user’s page on another port gets the browser’s cookie, and nothing with it', async ({
  app: { page, origin, engine },
}) => {
  let cookie = '';
  const server = createServer((request, response) => {
    cookie ||= request.headers.cookie ?? '';
    response.setHeader('content-type', 'text/html');
    response.end('<title>elsewhere</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hostile = await page.context().newPage();
  await hostile.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  // What the browser does, whatever we wish: cookies know no ports.
  expect(cookie).toContain(`switchyard_${new URL(origin).port}=`);
  const knock = (method: string, path: string, more: Record<string, string> = {}): Promise<number> =>
    // A program of the other user: it sends whatever headers it likes.
    new Promise((resolve, reject) => {
      const headers = { cookie, origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', ...more };
      httpRequest(`${origin}${path}`, { method, headers }, (answer) => {
        answer.destroy();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end(method === 'POST' ? '{"action":"pause"}' : undefined);
    });
  expect(await knock('GET', '/api/v1/state')).toBe(401);
  expect(await knock('GET', '/api/v1/events')).toBe(401);
  expect(await knock('POST', '/api/v1/pools/workstation/actions')).toBe(401);
  expect((await engine.api.state()).pools[0]?.state).toBe('open');
  const stored = 'globalThis.localStorage.getItem("switchyard-page-key")';
  expect(await hostile.evaluate(stored)).toBeNull();
  // The same cookie with what only our own page has: the door did not just refuse everything.
  const key = String(await page.evaluate(stored));
  expect(await knock('GET', '/api/v1/state', { 'x-switchyard-page': key })).toBe(200);
  // A reload goes on without a new link.
  await page.reload();
  await expect(page.getByRole('navigation', { name: 'Pools' })).toBeVisible();
  await hostile.close();
  server.close();
});

test('the page cannot be framed and runs no script of a stranger', async ({ app: { page, origin, tolerate } }) => {
  const answer = await page.request.get(origin);
  const policy = answer.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toContain('unsafe');
  tolerate(/Content Security Policy|TrustedScript/i);
  interface Document {
    createElement(name: string): { textContent: string };
    body: { append(element: object): void };
    title: string;
  }
  await page.evaluate(() => {
    const { document } = globalThis as unknown as { document: Document };
    const script = document.createElement('script');
    try {
      script.textContent = 'document.title = "taken over"';
    } catch {
      /* Trusted Types refuse the text at once. */
    }
    document.body.append(script);
  });
  await expect(page).not.toHaveTitle('taken over');
});
