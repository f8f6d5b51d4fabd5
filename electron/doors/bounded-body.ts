/** Reads a request's body up to a limit, counting the bytes as they come: a chunked body has no content-length to trust. */
import { MAX_BODY_BYTES } from '../contract/routes.ts';
import { problemResponse } from './problem-response.ts';

const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * @param request as it came from the network
 * @param limits maxBytes: largest body accepted; url: what the engine gets to see in place of the request's own
 * @returns a plain Request with the whole body in memory and the same abort signal, or the refusal to send
 */
export async function boundRequest(
  request: Request,
  { maxBytes = MAX_BODY_BYTES, url = request.url }: { readonly maxBytes?: number; readonly url?: string } = {},
): Promise<Request | Response> {
  const init: RequestInit = {
    method: request.method,
    headers: new Headers([...request.headers]),
    signal: request.signal,
  };
  if (METHODS_WITHOUT_BODY.has(request.method)) return new Request(url, init);
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > maxBytes) return tooLarge(maxBytes);
  const body = await readUpTo(request, maxBytes);
  if (body === 'too large') return tooLarge(maxBytes);
  if (body === 'broken off')
    return problemResponse('invalid_request', 'The request ended before its body was complete.', {
      headers: { connection: 'close' },
    });
  return new Request(url, body.byteLength === 0 ? init : { ...init, body });
}

async function readUpTo(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too large' | 'broken off'> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.byteLength;
      if (total > maxBytes) return 'too large';
      chunks.push(value);
    }
  } catch {
    return 'broken off';
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function tooLarge(maxBytes: number): Response {
  // The rest of the upload is not read, so the connection cannot be used again.
  return problemResponse(
    'body_too_large',
    `The request is larger than ${Math.floor(maxBytes / 1024)} KiB, the most that is accepted.`,
    { remedy: 'Send less at once, for example fewer trials in one action.', headers: { connection: 'close' } },
  );
}
