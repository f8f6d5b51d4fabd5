/** The session cookie of the loopback door. Pure. */

/** Cookies are shared by all ports of a host name, so the port is part of the name: two engines do not sign each other out. */
export function cookieName(port: number): string {
  return `switchyard_${port}`;
}

/** The longest a browser keeps a cookie, 400 days. Whether it still opens anything is decided here, by the last use of its session. */
const MAX_AGE_S = 400 * 24 * 3_600;

/** @returns the Set-Cookie value. Not `Secure`: the loopback door speaks plain HTTP, and some browsers would drop it. */
export function sessionCookie(port: number, sessionId: string): string {
  return `${cookieName(port)}=${sessionId}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${MAX_AGE_S}`;
}

/** @returns the first value of the named cookie, or null */
export function readCookie(header: string | null, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
