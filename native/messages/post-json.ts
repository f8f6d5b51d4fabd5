/** Posts JSON to an address of the user's. Neither the address nor what the other side answers is told in an error. */
import { DeliveryError } from '../../electron/ports/messenger.ts';

export interface Post {
  readonly what: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Settles when it was taken (2xx). Redirections are not followed: they could lead the message and its token anywhere. @throws DeliveryError */
export async function postJson({ what, url, headers = {}, body, timeoutMs, signal }: Post): Promise<void> {
  let status: number;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'switchyard', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    ({ status } = answer);
    // The answer is not read: it may be without end.
    await answer.body?.cancel();
  } catch (error) {
    throw new DeliveryError(
      `${what} could not be reached (${causeOf(error)}).`,
      true,
      'Check the address and the network.',
    );
  }
  if (status >= 200 && status < 300) return;
  if (status === 401 || status === 403)
    throw new DeliveryError(
      `${what} refused the message (${status}).`,
      false,
      'Check its token, and that it may be written to.',
    );
  if (status >= 300 && status < 400)
    throw new DeliveryError(
      `${what} leads somewhere else (${status}), which is not followed.`,
      false,
      'Give the address it leads to.',
    );
  const mayPass = status === 408 || status === 429 || status >= 500;
  throw new DeliveryError(
    `${what} did not take the message (${status}).`,
    mayPass,
    mayPass ? null : 'Check its address.',
  );
}

/** A code of the system's, or a word: never the address. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code: unknown = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : null;
  return typeof code === 'string' && /^[A-Z_]{2,40}$/.test(code) ? code : 'no connection';
}
