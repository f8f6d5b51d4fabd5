/**
 * The loopback door for browsers: the UI's files for anybody who reaches it, the API only for a signed-in browser.
 * Every request passes guest-policy.ts first; POST /auth/exchange turns a one-time token into the session's cookie and page key,
 * POST /auth/download-tickets makes a link that a browser can follow without the page's header (see login-desk.ts).
 */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from '@hono/zod-openapi';
import { API_PREFIX } from '../contract/api-prefix.ts';
import { boundRequest } from './bounded-body.ts';
import { cookieName, readCookie, sessionCookie } from './cookies.ts';
import { hardenData } from './csp.ts';
import { allowedHosts, judgeGuest, type GuestTarget } from './guest-policy.ts';
import { isPortTaken, startListener, type DoorLog, type Listener } from './listener.ts';
import type { LoginDesk, Pass } from './login-desk.ts';
import { problemResponse } from './problem-response.ts';
import type { UiFiles } from './ui-files.ts';

/** Tried first when no port is asked for, so that bookmarks and SSH tunnels keep working. */
export const PREFERRED_PORT = 7717;
const LOOPBACK = '127.0.0.1';
const MAX_EXCHANGE_BYTES = 4 * 1024;
const ExchangeBody = z.object({ token: z.string().min(1).max(200) }).strict();
const TicketBody = z.object({ path: z.string().min(1).max(2_000) }).strict();
/** Where the page shows its key; renderer/api/page-key.ts sends it. */
const PAGE_KEY_HEADER = 'x-switchyard-page';
const TICKET_PARAMETER = 'ticket';

export interface HttpDoorOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly uiFiles: UiFiles;
  readonly desk: LoginDesk;
  readonly log: DoorLog;
  /** Address to bind; only an explicit decision of the user makes it something else than 127.0.0.1. */
  readonly host?: string;
  /** null: the last one, 7717, or a free one when these are taken. 0: a free one. */
  readonly port: number | null;
  /** The port this door had before, or null. */
  readonly lastPort?: number | null;
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
  const answer = (request: Request, incoming: IncomingMessage, prove: () => void) =>
    answerGuest({ request, incoming, prove }, options, bound);
  const listen = (port: number) => startListener({ host, port }, answer, options.log);
  const listener = options.port === null ? await listenAsBefore(listen, options) : await listen(options.port);
  const { port } = listener.server.address() as AddressInfo;
  const urlHost = host === '0.0.0.0' || host === '::' ? LOOPBACK : host.includes(':') ? `[${host}]` : host;
  bound = { port, hosts: allowedHosts(port, [urlHost, ...(options.allowHosts ?? [])]) };
  const url = `http://${urlHost}:${port}/`;
  return { port, url, loginUrl: () => `${url}#token=${options.desk.mint()}`, close: () => listener.close() };
}

/** Takes the last port again, else 7717, else a free one. */
async function listenAsBefore(
  listen: (port: number) => Promise<Listener>,
  options: HttpDoorOptions,
): Promise<Listener> {
  const lastPort = options.lastPort ?? null;
  const wanted = lastPort === null || lastPort === PREFERRED_PORT ? [PREFERRED_PORT] : [lastPort, PREFERRED_PORT];
  for (const port of wanted) {
    try {
      return await listen(port);
    } catch (error) {
      if (!isPortTaken(error)) throw error;
      if (port !== lastPort) continue;
      options.log(`port ${port}, which the browsers know, is taken; they sign in again on another`, error);
      // Open tabs go on knocking there, with both of their secrets.
      options.desk.endSessions();
    }
  }
  return listen(0);
}

interface Guest {
  readonly request: Request;
  readonly incoming: IncomingMessage;
  readonly prove: () => void;
}

async function answerGuest(
  { request, incoming, prove }: Guest,
  options: HttpDoorOptions,
  bound: { readonly port: number; readonly hosts: ReadonlySet<string> },
): Promise<Response> {
  const url = new URL(request.url);
  const { pathname } = url;
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
  const pass: Pass = {
    sessionId: readCookie(header('cookie'), cookieName(bound.port)) ?? '',
    pageKey: header(PAGE_KEY_HEADER) ?? '',
  };
  if (target === 'auth') return hardenData(await answerDesk(request, pathname, pass, options.desk, bound.port));
  const ticket = request.method === 'GET' ? url.searchParams.get(TICKET_PARAMETER) : null;
  if (ticket !== null) url.searchParams.delete(TICKET_PARAMETER);
  const isAdmitted =
    ticket === null
      ? options.desk.admits(pass)
      : options.desk.redeem(pass.sessionId, ticket, `${url.pathname}${url.search}`);
  if (!isAdmitted) return hardenData(notSignedIn());
  prove();
  if (!pathname.startsWith(`${API_PREFIX}/`))
    return hardenData(problemResponse('not_found', 'There is no such address here.'));
  if (pathname === `${API_PREFIX}/login-links`) {
    return hardenData(
      problemResponse('forbidden', 'Login links are made on the machine itself.', {
        remedy: 'Run `switchyard open` there.',
      }),
    );
  }
  const bounded = await boundRequest(request, { url: url.href });
  return hardenData(bounded instanceof Response ? bounded : await options.fetch(bounded));
}

function notSignedIn(): Response {
  return problemResponse('unauthenticated', 'This browser is not signed in.', {
    remedy: 'Open the link that `switchyard open` prints, or the one printed at start.',
  });
}

function targetOf(pathname: string): GuestTarget {
  if (pathname === '/api' || pathname.startsWith('/api/')) return 'api';
  if (pathname === '/auth' || pathname.startsWith('/auth/')) return 'auth';
  return 'ui';
}

async function answerDesk(
  request: Request,
  pathname: string,
  pass: Pass,
  desk: LoginDesk,
  port: number,
): Promise<Response> {
  const isExchange = pathname === '/auth/exchange';
  if (!isExchange && pathname !== '/auth/download-tickets')
    return problemResponse('not_found', 'There is no such address here.');
  if (request.method !== 'POST')
    return problemResponse('invalid_request', 'The desk is asked with POST.', {
      status: 405,
      headers: { allow: 'POST' },
    });
  if (request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/json')
    return problemResponse('unsupported_media_type', 'The body is sent as application/json.');
  const bounded = await boundRequest(request, { maxBytes: MAX_EXCHANGE_BYTES });
  if (bounded instanceof Response) return bounded;
  const json: unknown = await bounded.json().catch(() => null);
  return isExchange ? exchangeToken(json, desk, port) : makeTicket(json, pass, desk);
}

function exchangeToken(json: unknown, desk: LoginDesk, port: number): Response {
  const body = ExchangeBody.safeParse(json);
  if (!body.success) return problemResponse('invalid_request', 'The body is {"token": "…"}.');
  const opened = desk.exchange(body.data.token);
  if (opened === null)
    return problemResponse('unauthenticated', 'This login link is not valid: it works once and for five minutes.', {
      remedy: 'Run `switchyard open` for a fresh one.',
    });
  const headers = { 'set-cookie': sessionCookie(port, opened.sessionId) };
  return Response.json({ pageKey: opened.pageKey }, { headers });
}

function makeTicket(json: unknown, pass: Pass, desk: LoginDesk): Response {
  const body = TicketBody.safeParse(json);
  if (!body.success) return problemResponse('invalid_request', 'The body is {"path": "…"}.');
  const ticket = desk.ticket(pass, body.data.path);
  return ticket === null ? notSignedIn() : Response.json({ ticket });
}

/** All values of a header as they were sent; Node's own view keeps only the first Host. */
function rawValues(incoming: IncomingMessage, name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    if (incoming.rawHeaders[i]?.toLowerCase() === name) values.push(incoming.rawHeaders[i + 1] ?? '');
  }
  return values;
}
