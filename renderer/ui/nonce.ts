/** The nonce that lets a library's style element pass the page's policy; the server writes it into the page. */
export function readStyleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}
