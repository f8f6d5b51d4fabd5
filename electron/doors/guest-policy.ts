/**
 * Who may come in through the loopback door. Pure: facts of one request in, a verdict out.
 *
 * A browser on this machine runs pages of other sites, and those can send requests to 127.0.0.1. Three facts tell
 * them apart: the Host header (a rebound DNS name shows here), the Origin header (set by the browser, not by the
 * page) and Sec-Fetch-Site (which, unlike SameSite, tells localhost:3000 from localhost:7717).
 */

export type GuestTarget = 'ui' | 'api' | 'auth';

export interface Guest {
  readonly method: string;
  readonly target: GuestTarget;
  /** All Host headers of the request; more than one is a smuggling attempt. */
  readonly hosts: readonly string[];
  readonly origin: string | null;
  readonly fetchSite: string | null;
  readonly fetchMode: string | null;
  readonly fetchDest: string | null;
}

export type GuestVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: 'host' | 'origin' | 'site';
      readonly detail: string;
      readonly remedy: string;
    };

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'] as const;

/** Methods that change nothing; all others need an Origin. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * @param port where the door listens
 * @param extra names allowed by flag, "name" (this port) or "name:port"; IPv6 literals in brackets
 * @returns Host header values that are ours, lower case
 */
export function allowedHosts(port: number, extra: readonly string[] = []): ReadonlySet<string> {
  const hosts = new Set<string>();
  const add = (name: string, itsPort: number) => {
    hosts.add(`${name}:${itsPort}`);
    if (itsPort === 80) hosts.add(name);
  };
  for (const name of LOOPBACK_NAMES) add(name, port);
  for (const entry of extra) {
    const text = entry.toLowerCase();
    const withPort = /^(\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text);
    if (withPort?.[1] !== undefined && withPort[2] !== undefined) add(withPort[1], Number(withPort[2]));
    else add(text, port);
  }
  return hosts;
}

/** @returns whether this request may go on; a session is checked separately. */
export function judgeGuest(guest: Guest, allowed: ReadonlySet<string>): GuestVerdict {
  const [host] = guest.hosts;
  const hostName = host?.toLowerCase();
  if (guest.hosts.length !== 1 || hostName === undefined || !allowed.has(hostName)) {
    return {
      ok: false,
      reason: 'host',
      detail: 'This address is not one Switchyard answers to.',
      remedy:
        'Open the URL it printed at start. Through an SSH tunnel, forward the same port number, or start it with --allow-host NAME:PORT.',
    };
  }
  const foreign = {
    ok: false,
    reason: 'origin',
    detail: 'The request comes from another site and was refused.',
    remedy: 'Use the page Switchyard itself serves, or the command line.',
  } as const;
  if (guest.origin !== null && guest.origin.toLowerCase() !== `http://${hostName}`) return foreign;
  if (guest.origin === null && !isSafeMethod(guest.method)) return foreign;
  if (guest.fetchSite !== null && guest.fetchSite !== 'same-origin' && guest.fetchSite !== 'none') {
    // A link on another page may open the UI (it shows nothing without a session), but nothing else may be embedded or read.
    const isLink =
      guest.target === 'ui' &&
      guest.method === 'GET' &&
      guest.fetchMode === 'navigate' &&
      guest.fetchDest === 'document';
    if (!isLink) return { ...foreign, reason: 'site' };
  }
  return { ok: true };
}
