/** Who may send messages to the main process. Pure. */
import { isOwnAddress } from './navigation-policy.ts';

export interface Sender {
  readonly url: string;
  /** null for a main frame. */
  readonly parent: unknown;
}

/** @param sender the frame a message came from; null when it is gone already */
export function isTrustedSender(sender: Sender | null): boolean {
  return sender !== null && sender.parent === null && isOwnAddress(sender.url);
}
