/** Finds the engine that already owns a data directory, through its socket. */
import { z } from '@hono/zod-openapi';
import { setTimeout as delay } from 'node:timers/promises';
import { API_PREFIX } from '../contract/routes.ts';
import { createSocketFetch } from './socket-client.ts';

export type RunningEngine =
  | { readonly kind: 'browser'; readonly url: string }
  /** It runs as the desktop app and serves no browser. */
  | { readonly kind: 'desktop' }
  | { readonly kind: 'silent' };

const ASK_EVERY_MS = 100;
const LoginLink = z.object({ url: z.string() });

/**
 * Asks the owner for a login link. An engine that is just starting holds the lock before it listens, so this waits.
 * @param patienceMs how long to wait for a socket that answers
 */
export async function askRunningEngine(socketPath: string, patienceMs: number): Promise<RunningEngine> {
  const socketFetch = createSocketFetch(socketPath);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await socketFetch(
      new Request(`http://localhost${API_PREFIX}/login-links`, { method: 'POST' }),
    ).catch(() => null);
    if (answer !== null) {
      const link = LoginLink.safeParse(await answer.json().catch(() => null));
      return link.success ? { kind: 'browser', url: link.data.url } : { kind: 'desktop' };
    }
    if (performance.now() >= deadline) return { kind: 'silent' };
    await delay(ASK_EVERY_MS);
  }
}
