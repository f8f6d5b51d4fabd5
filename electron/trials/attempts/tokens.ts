/**
 * Tokens with which attempts report over HTTP. The database knows the hash only; the token itself waits in memory from the moment the
 * attempt is written down until its launch takes it.
 */
import { createHash, randomBytes } from 'node:crypto';

export interface AttemptTokens {
  /** Makes and remembers the token of a new attempt. */
  mint(trialId: number, attempt: number): { readonly hash: string };
  /** @returns the token, once; '' for an attempt of which none waits */
  take(trialId: number, attempt: number): string;
}

export function createAttemptTokens(): AttemptTokens {
  const waiting = new Map<string, string>();
  const keyOf = (trialId: number, attempt: number): string => `${trialId}/${attempt}`;
  return {
    mint(trialId, attempt) {
      const token = randomBytes(32).toString('hex');
      waiting.set(keyOf(trialId, attempt), token);
      return { hash: hashToken(token) };
    },
    take(trialId, attempt) {
      const key = keyOf(trialId, attempt);
      const token = waiting.get(key) ?? '';
      waiting.delete(key);
      return token;
    },
  };
}

/** How tokens are stored: who reads the database cannot use them. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
