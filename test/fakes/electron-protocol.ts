/**
 * How Electron carries a request of a page to a handler of `protocol.handle` and its answer back, as far as an application can
 * tell the difference from a plain call: bodies come as parts and become a buffer or a stream, the request's signal never
 * fires, the answer's body becomes a Node stream that is read as fast as the page takes it and destroyed when the page goes,
 * an answer that is none fails the load.
 */
import { Readable } from 'node:stream';

export interface PageRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** Absent for what the browser itself loads, null for an opaque origin. */
  readonly initiatorOrigin?: string | null;
}

export type ProtocolHandler = (request: Request) => Response | Promise<Response>;

/** What the page gets. Canceling the body is what happens when the page goes. */
export async function loadThroughElectron(handler: ProtocolHandler, asked: PageRequest): Promise<Response> {
  const headers = new Headers(asked.headers);
  // Electron takes an opaque origin out before it makes the request.
  if (headers.get('origin') === 'null') headers.delete('origin');
  const request = new Request(asked.url, {
    method: asked.method,
    headers,
    body: asked.body,
    referrer: '',
    duplex: 'half',
  } as RequestInit);
  if (asked.initiatorOrigin !== undefined)
    Object.defineProperty(request, 'initiatorOrigin', { value: asked.initiatorOrigin, enumerable: true });
  let answer: Response;
  try {
    answer = await handler(request);
  } catch {
    throw new TypeError('net::ERR_UNEXPECTED');
  }
  if (typeof answer !== 'object') throw new TypeError('net::ERR_UNEXPECTED');
  if (answer.type === 'error') throw new TypeError('net::ERR_FAILED');
  // Electron makes a plain object of the headers: those with the same name have become one.
  const shown = Object.fromEntries(answer.headers);
  if (answer.body === null) return new Response(null, { status: answer.status, headers: shown });
  const stream = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
  return new Response(readAsLoader(stream), { status: answer.status, headers: shown });
}

/** Reads a Node stream the way the loader does: `readable`, then `read` until there is nothing; `destroy` when nobody wants more. */
function readAsLoader(stream: Readable): ReadableStream<Uint8Array> {
  let wake = (): void => undefined;
  let state: 'open' | 'ended' | Error = 'open';
  stream.on('readable', () => wake());
  stream.on('end', () => {
    state = 'ended';
    wake();
  });
  stream.on('error', (error) => {
    state = error;
    wake();
  });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const chunk = stream.read() as Buffer | null;
          if (chunk !== null) {
            // A loader copies into a pipe of its own.
            controller.enqueue(Uint8Array.from(chunk));
            return;
          }
          if (state === 'ended') {
            controller.close();
            return;
          }
          if (state !== 'open') throw state;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      cancel() {
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
