/** Asks the engine that owns a data directory for a link that signs a browser in. */
import { API_PREFIX } from '../contract/api-prefix.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import { waitForSocket } from './find-engine.ts';
import { createSocketFetch } from './socket-fetch.ts';

export type LoginAnswer =
  | { readonly kind: 'browser'; readonly url: string }
  /** It runs as the desktop app and serves no browser. */
  | { readonly kind: 'desktop' }
  /** None listens, or what listens does not answer. */
  | { readonly kind: 'silent' };

/** @param patienceMs how long an owner that is just starting may take to listen */
export async function askForLoginLink(
  paths: Pick<DataPaths, 'lock' | 'socket'>,
  patienceMs: number,
): Promise<LoginAnswer> {
  const socket = await waitForSocket(paths, patienceMs);
  if (socket === null) return { kind: 'silent' };
  const question = new Request(`http://localhost${API_PREFIX}/login-links`, { method: 'POST' });
  const answer = await createSocketFetch(socket)(question).catch(() => null);
  if (answer === null) return { kind: 'silent' };
  const link: unknown = await answer.json().catch(() => null);
  const url = typeof link === 'object' && link !== null && 'url' in link ? link.url : null;
  return typeof url === 'string' ? { kind: 'browser', url } : { kind: 'desktop' };
}
