/**
 * How a browser proves that it belongs to the user: a one-time token becomes a session of two secrets.
 *
 * token     256 random bits, handed out in a URL fragment, valid once and for 5 minutes; only its SHA-256 is kept, in memory.
 * cookie    256 random bits that the browser sends by itself, to every port of this host: another user's server on 127.0.0.1 gets it too.
 * page key  256 random bits that the page keeps for its origin and sends as a header. Storage is bound to the port, so only
 *           our own page has it; neither secret opens anything without the other.
 * ticket    stands in for the page key in one download, because a browser sends no header with a link: valid once, for one
 *           address, for half a minute, with the cookie of the same session.
 *
 * Of cookie and page key only the SHA-256 is kept, in a 0600 file, so that an open tab survives a restart of the engine. A session
 * ends after 30 days without use. Wrong tokens are not counted: 256 bits cannot be guessed, and whoever counts lets any user of the
 * machine lock the owner out.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';

export const TOKEN_LIFE_MS = 5 * 60_000;
export const TICKET_LIFE_MS = 30_000;
export const SESSION_IDLE_MS = 30 * 24 * 3_600_000;
const MAX_TOKENS = 64;
const MAX_SESSIONS = 200;
/** The file is not rewritten for every request: a use is recorded at this grain. */
const USE_GRAIN_MS = 3_600_000;

export interface StoredSession {
  /** SHA-256 of the cookie's value, hex. */
  readonly hash: string;
  /** SHA-256 of the page key, hex. */
  readonly pageHash: string;
  readonly usedAtMs: number;
}

export interface SessionStore {
  load(): readonly StoredSession[];
  save(sessions: readonly StoredSession[]): void;
}

/** The two halves of a session, as the browser shows them. */
export interface Pass {
  readonly sessionId: string;
  readonly pageKey: string;
}

export interface LoginDesk {
  /** @returns a new one-time token, base64url */
  mint(): string;
  /** @returns a new session, or null when the token is wrong, used or too old */
  exchange(token: string): Pass | null;
  /** @returns whether both halves name one live session; counts as a use of it */
  admits(pass: Pass): boolean;
  /** @param target path and query of one download; @returns its ticket, or null for no live session */
  ticket(pass: Pass, target: string): string | null;
  /** @returns whether the ticket is for this target and of this session; it is used up */
  redeem(sessionId: string, ticket: string, target: string): boolean;
  /** Ends every session: somebody else may have heard their secrets. */
  endSessions(): void;
}

interface Expiring {
  readonly hash: Buffer;
  readonly expiresAtMono: number;
}

/** @param clock lives of tokens and tickets are measured on the monotonic clock, of sessions on the wall clock (they outlive the process) */
export function createLoginDesk(store: SessionStore, clock: Clock): LoginDesk {
  let tokens: Expiring[] = [];
  let tickets: Expiring[] = [];
  const sessions = new Map<string, Omit<StoredSession, 'hash'>>();
  for (const { hash, ...rest } of store.load()) sessions.set(hash, rest);

  const save = () => store.save([...sessions].map(([hash, rest]) => ({ hash, ...rest })));

  function isExpired(usedAtMs: number): boolean {
    return clock.nowMs() - usedAtMs > SESSION_IDLE_MS;
  }

  function dropExcessSessions(): void {
    for (const [hash, { usedAtMs }] of sessions) if (isExpired(usedAtMs)) sessions.delete(hash);
    const oldestFirst = [...sessions].toSorted((a, b) => a[1].usedAtMs - b[1].usedAtMs);
    for (const [hash] of oldestFirst.slice(0, Math.max(0, sessions.size - MAX_SESSIONS))) sessions.delete(hash);
  }

  function openSession(): Pass {
    const pass = { sessionId: newSecret(), pageKey: newSecret() };
    sessions.set(hex(pass.sessionId), { pageHash: hex(pass.pageKey), usedAtMs: clock.nowMs() });
    dropExcessSessions();
    save();
    return pass;
  }

  function add(list: readonly Expiring[], secret: string, lifeMs: number): Expiring[] {
    const nowMono = clock.monotonicMs();
    const live = list.filter((one) => one.expiresAtMono > nowMono);
    return [...live, { hash: sha256(secret), expiresAtMono: nowMono + lifeMs }].slice(-MAX_TOKENS);
  }

  /** @returns the list without the secret, or null when it is not in it */
  function take(list: readonly Expiring[], secret: string): Expiring[] | null {
    const nowMono = clock.monotonicMs();
    const offered = sha256(secret);
    let matched = -1;
    // Every stored hash is compared, in constant time each: how long it takes tells nothing.
    list.forEach((known, index) => {
      if (timingSafeEqual(known.hash, offered) && known.expiresAtMono > nowMono) matched = index;
    });
    return matched < 0 ? null : list.filter((_, index) => index !== matched);
  }

  function admits({ sessionId, pageKey }: Pass): boolean {
    const hash = hex(sessionId);
    const session = sessions.get(hash);
    if (session === undefined) return false;
    if (!timingSafeEqual(Buffer.from(session.pageHash, 'hex'), sha256(pageKey))) return false;
    const nowMs = clock.nowMs();
    if (isExpired(session.usedAtMs)) {
      sessions.delete(hash);
      save();
      return false;
    }
    if (nowMs - session.usedAtMs >= USE_GRAIN_MS) {
      sessions.set(hash, { ...session, usedAtMs: nowMs });
      save();
    }
    return true;
  }

  return {
    admits,
    mint() {
      const token = newSecret();
      tokens = add(tokens, token, TOKEN_LIFE_MS);
      return token;
    },
    exchange(token) {
      const rest = take(tokens, token);
      if (rest === null) return null;
      tokens = rest;
      return openSession();
    },
    ticket(pass, target) {
      if (!admits(pass)) return null;
      const ticket = newSecret();
      tickets = add(tickets, bindTicket(pass.sessionId, ticket, target), TICKET_LIFE_MS);
      return ticket;
    },
    redeem(sessionId, ticket, target) {
      const session = sessions.get(hex(sessionId));
      const rest = take(tickets, bindTicket(sessionId, ticket, target));
      if (rest === null || session === undefined || isExpired(session.usedAtMs)) return false;
      tickets = rest;
      return true;
    },
    endSessions() {
      if (sessions.size === 0) return;
      sessions.clear();
      save();
    },
  };
}

/** What is remembered of a ticket names its session and its one address. */
function bindTicket(sessionId: string, ticket: string, target: string): string {
  return JSON.stringify([sessionId, ticket, target]);
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function hex(text: string): string {
  return sha256(text).toString('hex');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
