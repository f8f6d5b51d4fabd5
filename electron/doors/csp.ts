/**
 * Response headers every door sets: the content security policy of the UI and the headers that keep a response
 * from being sniffed, framed or read by another site. Pure.
 */

/** What index.html carries where the nonce of this response goes. */
export const NONCE_PLACEHOLDER = '__CSP_NONCE__';

/**
 * The policy of the UI: everything from our own origin, nothing inline but styles that carry this response's nonce.
 * @param nonce base64url text, new for every response
 */
export function contentSecurityPolicy(nonce: string): string {
  if (!/^[A-Za-z0-9_-]{16,}$/.test(nonce)) throw new Error('a nonce is at least 16 base64url characters');
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

/** The policy of everything that is not the UI (JSON, logs): should a browser ever show it as a page, it can do nothing. */
export const DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** Headers of every response through a door that a browser can reach. */
export const HARDENING_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * @param response what the engine answered
 * @returns the same response with the hardening headers, the data policy and no caching; its body streams on
 */
export function hardenData(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HARDENING_HEADERS)) headers.set(name, value);
  headers.set('content-security-policy', DATA_POLICY);
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
