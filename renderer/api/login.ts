/** The one-time token of a login link: `#token=...` is traded for a cookie and leaves the address bar before anything else happens. */
import { api } from './client.ts';

/**
 * Exchanges the token of the address, if there is one.
 * @returns whether a token was there; throws ApiError when the engine refused it.
 */
export async function exchangeTokenFromAddress(): Promise<boolean> {
  const fragment = new URLSearchParams(window.location.hash.replace(/^#/, ''));
  const token = fragment.get('token');
  if (token === null) return false;
  // First out of the address bar and the history, then used: a reload must not send it again.
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  await api.exchangeToken(token);
  return true;
}
