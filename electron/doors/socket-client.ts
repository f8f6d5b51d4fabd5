/** Speaks to another engine through its unix socket, with the shape of fetch: bodies and event streams pass through. */
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

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
 * @param socketPath absolute path of the engine's socket
 * @returns a function that sends a request there; only method, path, headers and body of the request count, its host does not.
 *   Rejects with the system's error (ENOENT, ECONNREFUSED) when no engine listens.
 */
export function createSocketFetch(socketPath: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const headers: Record<string, string> = { host: 'localhost' };
    for (const [name, value] of request.headers) if (!NOT_FORWARDED.has(name)) headers[name] = value;
    const body =
      request.method === 'GET' || request.method === 'HEAD' ? null : Buffer.from(await request.arrayBuffer());
    if (body !== null) headers['content-length'] = String(body.byteLength);
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        { socketPath, path: url.pathname + url.search, method: request.method, headers, signal: request.signal },
        (incoming) => {
          const answerHeaders = new Headers();
          for (const [name, value] of Object.entries(incoming.headers)) {
            if (value !== undefined && !NOT_FORWARDED.has(name))
              answerHeaders.set(name, Array.isArray(value) ? value.join(', ') : value);
          }
          const status = incoming.statusCode ?? 502;
          const isEmpty = status === 204 || status === 304 || request.method === 'HEAD';
          if (isEmpty) incoming.resume();
          // Node's and the platform's stream types differ in name only.
          const stream = isEmpty
            ? null
            : (Readable.toWeb(incoming) as NodeReadableStream<Uint8Array> as ReadableStream<Uint8Array<ArrayBuffer>>);
          resolve(new Response(stream, { status, headers: answerHeaders }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body ?? undefined);
    });
  };
}
