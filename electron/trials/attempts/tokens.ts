/** The tokens with which attempts prove themselves to the trials' door. */
import { createHash } from 'node:crypto';

/** How tokens are stored: who reads the database cannot use them. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
