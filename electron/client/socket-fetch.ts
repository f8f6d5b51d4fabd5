/** An engine in another process with the shape of fetch: bodies and event streams pass through. */
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { requestThroughSocket } from './socket-request.ts';

const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'cookie',
  'origin',
]);

/**
 * Requests that are being answered. The platform lets go of a signal's followers with the request they belong to, and a request
 * nobody holds is collected in the midst of its answer: aborting would do nothing any more.
 */
const answered = new Set<Request>();

/**
 * @param socketPath absolute path of the engine's socket
 * @returns a function that sends a request there; only method, path, headers and body of the request count, its host does not.
 *   Rejects with the system's error (ENOENT, ECONNREFUSED) when no engine listens.
 */
export function createSocketFetch(socketPath: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const isWithoutBody = request.method === 'GET' || request.method === 'HEAD';
    const incoming = await requestThroughSocket({
      socketPath,
      method: request.method,
      path: url.pathname + url.search,
      headers: Object.fromEntries([...request.headers].filter(([name]) => !NOT_FORWARDED.has(name))),
      body: isWithoutBody ? null : Buffer.from(await request.arrayBuffer()),
      signal: request.signal,
    });
    answered.add(request);
    incoming.once('close', () => answered.delete(request));
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined && !NOT_FORWARDED.has(name))
        headers.set(name, Array.isArray(value) ? value.join(', ') : value);
    }
    const status = incoming.statusCode ?? 502;
    const isEmpty = status === 204 || status === 304 || request.method === 'HEAD';
    if (isEmpty) incoming.resume();
    // Node's and the platform's stream types differ in name only.
    const stream = isEmpty
      ? null
      : (Readable.toWeb(incoming) as NodeReadableStream<Uint8Array> as ReadableStream<Uint8Array<ArrayBuffer>>);
    return new Response(stream, { status, headers });
  };
}
