/**
 * The loopback door for browsers: the UI's files for anybody who reaches it, the API only for a signed-in browser.
 * Every request passes guest-policy.ts first; POST /auth/exchange turns a one-time token into the session cookie.
 */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from '@hono/zod-openapi';
import { API_PREFIX } from '../contract/api-prefix.ts';
import { boundRequest } from './bounded-body.ts';
import { cookieName, readCookie, sessionCookie } from './cookies.ts';
import { hardenData } from './csp.ts';
import { allowedHosts, judgeGuest, type GuestTarget } from './guest-policy.ts';
import { startListener, type DoorLog } from './listener.ts';
import type { LoginDesk } from './login-desk.ts';
import { problemResponse } from './problem-response.ts';
import type { UiFiles } from './ui-files.ts';

/** Tried first when no port is asked for, so that bookmarks and SSH tunnels keep working. */
export const PREFERRED_PORT = 7717;
const LOOPBACK = '127.0.0.1';
const MAX_EXCHANGE_BYTES = 4 * 1024;
const ExchangeBody = z.object({ token: z.string().min(1).max(200) }).strict();

export interface HttpDoorOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly uiFiles: UiFiles;
  readonly desk: LoginDesk;
  readonly log: DoorLog;
  /** Address to bind; only an explicit decision of the user makes it something else than 127.0.0.1. */
  readonly host?: string;
  /** null: 7717, or a free one when that is taken. 0: a free one. */
  readonly port: number | null;
  /** Host names answered to besides the loopback ones, "name" or "name:port". */
  readonly allowHosts?: readonly string[];
}

export interface HttpDoor {
  readonly port: number;
  /** For example http://127.0.0.1:7717/ */
  readonly url: string;
  /** @returns a URL with a fresh one-time token in its fragment, which browsers do not send */
  loginUrl(): string;
  close(): Promise<void>;
}

/** @throws the system's error when the port cannot be bound */
export async function openHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const host = options.host ?? LOOPBACK;
  // The port is only known once bound, and with it which Host headers are ours; no request is judged before that.
  let bound: { readonly port: number; readonly hosts: ReadonlySet<string> } = { port: 0, hosts: new Set() };
  const answer = (request: Request, incoming: IncomingMessage) => answerGuest(request, incoming, options, bound);
  const listen = (port: number) => startListener({ host, port }, answer, options.log);
  const listener =
    options.port === null
      ? await listen(PREFERRED_PORT).catch((error: unknown) => {
          if (!isPortTaken(error)) throw error;
          return listen(0);
        })
      : await listen(options.port);
  const { port } = listener.server.address() as AddressInfo;
  const urlHost = host === '0.0.0.0' || host === '::' ? LOOPBACK : host.includes(':') ? `[${host}]` : host;
  bound = { port, hosts: allowedHosts(port, [urlHost, ...(options.allowHosts ?? [])]) };
  const url = `http://${urlHost}:${port}/`;
  return { port, url, loginUrl: () => `${url}#token=${options.desk.mint()}`, close: () => listener.close() };
}

async function answerGuest(
  request: Request,
  incoming: IncomingMessage,
  options: HttpDoorOptions,
  bound: { readonly port: number; readonly hosts: ReadonlySet<string> },
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const target = targetOf(pathname);
  const header = (name: string) => request.headers.get(name);
  const verdict = judgeGuest(
    {
      method: request.method,
      target,
      hosts: rawValues(incoming, 'host'),
      origin: header('origin'),
      fetchSite: header('sec-fetch-site'),
      fetchMode: header('sec-fetch-mode'),
      fetchDest: header('sec-fetch-dest'),
    },
    bound.hosts,
  );
  if (!verdict.ok) return hardenData(problemResponse('forbidden', verdict.detail, { remedy: verdict.remedy }));
  if (target === 'ui') return options.uiFiles(request);
  if (target === 'auth') return hardenData(await exchangeToken(request, pathname, incoming, options.desk, bound.port));
  const sessionId = readCookie(header('cookie'), cookieName(bound.port));
  if (sessionId === null || !options.desk.admits(sessionId)) {
    return hardenData(
      problemResponse('unauthenticated', 'This browser is not signed in.', {
        remedy: 'Open the link that `switchyard open` prints, or the one printed at start.',
      }),
    );
  }
  if (!pathname.startsWith(`${API_PREFIX}/`))
    return hardenData(problemResponse('not_found', 'There is no such address here.'));
  if (pathname === `${API_PREFIX}/login-links`) {
    return hardenData(
      problemResponse('forbidden', 'Login links are made on the machine itself.', {
        remedy: 'Run `switchyard open` there.',
      }),
    );
  }
  const bounded = await boundRequest(request);
  return hardenData(bounded instanceof Response ? bounded : await options.fetch(bounded));
}

function targetOf(pathname: string): GuestTarget {
  if (pathname === '/api' || pathname.startsWith('/api/')) return 'api';
  if (pathname === '/auth' || pathname.startsWith('/auth/')) return 'auth';
  return 'ui';
}

async function exchangeToken(
  request: Request,
  pathname: string,
  incoming: IncomingMessage,
  desk: LoginDesk,
  port: number,
): Promise<Response> {
  if (pathname !== '/auth/exchange') return problemResponse('not_found', 'There is no such address here.');
  if (request.method !== 'POST')
    return problemResponse('invalid_request', 'A token is exchanged with POST.', {
      status: 405,
      headers: { allow: 'POST' },
    });
  if (request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return problemResponse('unsupported_media_type', 'The token is sent as application/json.');
  }
  const bounded = await boundRequest(request, MAX_EXCHANGE_BYTES);
  if (bounded instanceof Response) return bounded;
  const body = ExchangeBody.safeParse(await bounded.json().catch(() => null));
  if (!body.success) return problemResponse('invalid_request', 'The body is {"token": "…"}.');
  const result = desk.exchange(body.data.token, incoming.socket.remoteAddress ?? 'unknown');
  switch (result.kind) {
    case 'session':
      return Response.json({ ok: true }, { headers: { 'set-cookie': sessionCookie(port, result.sessionId) } });
    case 'slow down':
      return problemResponse('forbidden', 'Too many wrong tokens came from this address.', {
        status: 429,
        remedy: `Wait ${result.retryAfterS} s, then open a fresh link.`,
        headers: { 'retry-after': String(result.retryAfterS) },
      });
    case 'refused':
      return problemResponse('unauthenticated', 'This login link is not valid: it works once and for five minutes.', {
        remedy: 'Run `switchyard open` for a fresh one.',
      });
  }
}

/** All values of a header as they were sent; Node's own view keeps only the first Host. */
function rawValues(incoming: IncomingMessage, name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    if (incoming.rawHeaders[i]?.toLowerCase() === name) values.push(incoming.rawHeaders[i + 1] ?? '');
  }
  return values;
}

/** @returns whether binding failed because somebody else listens there */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
