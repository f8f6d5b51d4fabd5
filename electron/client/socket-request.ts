/** One request through the unix socket of an engine. Plain node:http: it starts faster than fetch and keeps back-pressure. */
import http from 'node:http';

export interface SocketRequest {
  /** Absolute path of the socket. */
  readonly socketPath: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Besides host and length, which are set here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly signal?: AbortSignal;
  /** Keeps connections for the next request. */
  readonly agent?: http.Agent;
  /** How long the engine may be silent; default: as long as it likes. */
  readonly timeoutMs?: number;
}

/**
 * @returns the answer, its body unread
 * @throws the system's error (ENOENT, ECONNREFUSED, ...) when nobody listens or the connection breaks
 */
export function requestThroughSocket(request: SocketRequest): Promise<http.IncomingMessage> {
  const { socketPath, method, path, body, signal, agent, timeoutMs } = request;
  const headers: http.OutgoingHttpHeaders = { host: 'localhost', ...request.headers };
  if (body !== null) headers['content-length'] = body.byteLength;
  return new Promise((resolve, reject) => {
    // Without a servername Node works one out for TLS, and loads what tells an address from a name.
    const options: http.RequestOptions & { servername: string } = { socketPath, method, path, headers, servername: '' };
    if (signal !== undefined) options.signal = signal;
    if (agent !== undefined) options.agent = agent;
    const outgoing = http.request(options, resolve);
    if (timeoutMs !== undefined)
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error('the engine did not answer in time')));
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}
