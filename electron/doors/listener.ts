/**
 * A Node HTTP server in front of a fetch function, as every door needs it: problem details for what cannot be parsed,
 * nothing internal in an answer, and an end that does not wait for event streams.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { problemResponse } from './problem-response.ts';

/** Writes one line to the engine's log. Never given a token, a cookie or a body. */
export type DoorLog = (message: string, error: unknown) => void;

/** @param prove called once a request has shown that it is the owner's: its connection then outlives a flood of others */
export type DoorFetch = (request: Request, incoming: IncomingMessage, prove: () => void) => Promise<Response>;

export interface Listener {
  readonly server: Server;
  /** Stops accepting, ends event streams at once, lets other answers finish for up to a second. Idempotent. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 1_000;
/** A port is open to every user of the machine: what one of them opens must not use up the descriptors that trials and files need. */
const MAX_PORT_CONNECTIONS = 1_000;
/** Of these, how many may have proven nothing yet. The oldest, which is the slowest, gives way to the next. */
export const MAX_STRANGERS = 700;
/** How often Node looks for requests that take too long to arrive. */
const LATE_CHECK_MS = 5_000;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Starts to listen.
 * @param where a path or a host with a port; never omit the host, Node would take every interface
 * @throws the system's error (EADDRINUSE, EACCES) when it cannot be bound
 */
export async function startListener(where: ListenOptions, fetch: DoorFetch, log: DoorLog): Promise<Listener> {
  const streams = new Set<ServerResponse>();
  // In the order they came; a connection leaves it when it closes or has proven whose it is.
  const strangers = new Set<Socket>();
  const answer = async (request: Request, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Response> => {
    try {
      if (!METHODS.has(request.method))
        return problemResponse('invalid_request', `The method ${request.method.slice(0, 20)} is not known here.`, {
          status: 405,
        });
      const response = await fetch(request, incoming, () => strangers.delete(incoming.socket));
      if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
        streams.add(outgoing);
        outgoing.once('close', () => streams.delete(outgoing));
      }
      return response;
    } catch (error) {
      const errorId = randomUUID();
      log(`request failed, error id ${errorId}`, error);
      return problemResponse('internal', `Something went wrong inside Switchyard (error id ${errorId}).`, {
        remedy: 'The engine log has the details under this id.',
      });
    }
  };
  const listener = getRequestListener(
    (request, env) => answer(request, env.incoming as IncomingMessage, env.outgoing as ServerResponse),
    {
      // This process may also answer Electron's protocol.handle, which needs the real Request and Response.
      overrideGlobalObjects: false,
      errorHandler: (error) => {
        if (!(error instanceof RequestError)) log('request failed before it was answered', error);
        return problemResponse('invalid_request', 'The request could not be read.', {
          headers: { connection: 'close' },
        });
      },
    },
  );
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 15_000, connectionsCheckingInterval: LATE_CHECK_MS },
    (incoming, outgoing) => {
      listener(incoming, outgoing).catch((error: unknown) => {
        log('answering a request failed', error);
        outgoing.destroy();
      });
    },
  );
  if (where.path === undefined) {
    server.maxConnections = MAX_PORT_CONNECTIONS;
    server.on('connection', (socket) => {
      strangers.add(socket);
      socket.once('close', () => strangers.delete(socket));
      const [oldest] = strangers;
      if (strangers.size > MAX_STRANGERS) oldest?.destroy();
    });
  }
  server.on('clientError', refuseMalformed);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      server.on('error', (error) => log('listening failed', error));
      resolve();
    });
  });
  let closing: Promise<void> | null = null;
  return {
    server,
    close() {
      closing ??= new Promise((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
        // Ended, not torn: the reader sees a proper end and comes back by itself.
        for (const outgoing of streams) outgoing.end(() => outgoing.req.socket.destroySoon());
      });
      return closing;
    },
  };
}

/** What is not HTTP gets one short answer and loses the connection; Node has already stopped reading it. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const line = tooLarge ? '431 Request Header Fields Too Large' : timedOut ? '408 Request Timeout' : '400 Bad Request';
  const body = JSON.stringify({
    type: 'urn:switchyard:error:invalid_request',
    title: 'invalid request',
    status: Number(line.slice(0, 3)),
    code: 'invalid_request',
    detail: tooLarge
      ? 'The request headers are too large.'
      : timedOut
        ? 'The request took too long to arrive.'
        : 'This is not a valid HTTP request.',
  });
  // Whoever does not close its end keeps a descriptor of ours no longer than it takes to read the answer.
  setTimeout(() => socket.destroy(), CLOSE_GRACE_MS).unref();
  socket.end(
    `HTTP/1.1 ${line}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** @returns whether binding failed because somebody else listens there */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
