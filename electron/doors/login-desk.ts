/**
 * How a browser proves that it belongs to the user: a one-time token becomes a session.
 *
 * token    256 random bits, handed out in a URL fragment, valid once and for 5 minutes; only its SHA-256 is kept, in memory.
 * session  256 random bits in a cookie; only its SHA-256 is kept, in a 0600 file, so that an open tab survives a restart
 *          of the engine. A session ends after 30 days without use.
 *
 * Wrong tokens are counted per address; after 10 within a minute that address is refused for the rest of the minute,
 * whatever it brings.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';

export const TOKEN_LIFE_MS = 5 * 60_000;
export const SESSION_IDLE_MS = 30 * 24 * 3_600_000;
const MAX_TOKENS = 64;
const MAX_SESSIONS = 200;
export const MAX_WRONG_TOKENS = 10;
export const WRONG_TOKEN_WINDOW_MS = 60_000;
/** The file is not rewritten for every request: a use is recorded at this grain. */
const USE_GRAIN_MS = 3_600_000;

export interface StoredSession {
  /** SHA-256 of the cookie's value, hex. */
  readonly hash: string;
  readonly usedAtMs: number;
}

export interface SessionStore {
  load(): readonly StoredSession[];
  save(sessions: readonly StoredSession[]): void;
}

export type Exchange =
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'slow down'; readonly retryAfterS: number };

export interface LoginDesk {
  /** @returns a new one-time token, base64url */
  mint(): string;
  /** @param from address of the guest, for counting wrong tokens */
  exchange(token: string, from: string): Exchange;
  /** @returns whether the cookie value names a live session; counts as a use of it */
  admits(sessionId: string): boolean;
}

/** @param clock token lives are measured on the monotonic clock, session lives on the wall clock (they outlive the process) */
export function createLoginDesk(store: SessionStore, clock: Clock): LoginDesk {
  let tokens: { readonly hash: Buffer; readonly expiresAtMono: number }[] = [];
  const sessions = new Map<string, number>();
  for (const { hash, usedAtMs } of store.load()) sessions.set(hash, usedAtMs);
  const wrongByAddress = new Map<string, { count: number; windowEndsAtMono: number }>();

  const save = () => store.save([...sessions].map(([hash, usedAtMs]) => ({ hash, usedAtMs })));

  function isExpired(usedAtMs: number): boolean {
    return clock.nowMs() - usedAtMs > SESSION_IDLE_MS;
  }

  function dropExcessSessions(): void {
    for (const [hash, usedAtMs] of sessions) if (isExpired(usedAtMs)) sessions.delete(hash);
    const oldestFirst = [...sessions].toSorted((a, b) => a[1] - b[1]);
    for (const [hash] of oldestFirst.slice(0, Math.max(0, sessions.size - MAX_SESSIONS))) sessions.delete(hash);
  }

  function openSession(): string {
    const sessionId = randomBytes(32).toString('base64url');
    sessions.set(sha256(sessionId).toString('hex'), clock.nowMs());
    dropExcessSessions();
    save();
    return sessionId;
  }

  function countWrong(from: string, nowMono: number): void {
    if (wrongByAddress.size > 1_000) wrongByAddress.clear();
    const entry = wrongByAddress.get(from);
    if (entry === undefined || nowMono >= entry.windowEndsAtMono)
      wrongByAddress.set(from, { count: 1, windowEndsAtMono: nowMono + WRONG_TOKEN_WINDOW_MS });
    else entry.count += 1;
  }

  return {
    mint() {
      const nowMono = clock.monotonicMs();
      const token = randomBytes(32).toString('base64url');
      tokens = [
        ...tokens.filter((t) => t.expiresAtMono > nowMono),
        { hash: sha256(token), expiresAtMono: nowMono + TOKEN_LIFE_MS },
      ].slice(-MAX_TOKENS);
      return token;
    },
    exchange(token, from) {
      const nowMono = clock.monotonicMs();
      const wrong = wrongByAddress.get(from);
      if (wrong !== undefined && wrong.count >= MAX_WRONG_TOKENS && nowMono < wrong.windowEndsAtMono) {
        return { kind: 'slow down', retryAfterS: Math.ceil((wrong.windowEndsAtMono - nowMono) / 1_000) };
      }
      const offered = sha256(token);
      let matched = -1;
      // Every stored hash is compared, in constant time each: how long it takes tells nothing.
      tokens.forEach((known, index) => {
        if (timingSafeEqual(known.hash, offered) && known.expiresAtMono > nowMono) matched = index;
      });
      if (matched < 0) {
        countWrong(from, nowMono);
        return { kind: 'refused' };
      }
      tokens = tokens.filter((_, index) => index !== matched);
      return { kind: 'session', sessionId: openSession() };
    },
    admits(sessionId) {
      const hash = sha256(sessionId).toString('hex');
      const usedAtMs = sessions.get(hash);
      if (usedAtMs === undefined) return false;
      const nowMs = clock.nowMs();
      if (isExpired(usedAtMs)) {
        sessions.delete(hash);
        save();
        return false;
      }
      if (nowMs - usedAtMs >= USE_GRAIN_MS) {
        sessions.set(hash, nowMs);
        save();
      }
      return true;
    },
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
