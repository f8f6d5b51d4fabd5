/** The port to what carries messages out of the machine. Implemented in native/messages and by a fake. No I/O here. */
import type { ChannelTarget } from '../contract/messages.ts';

/** What is said. Whoever gets it twice (after a crash) knows it by its id. */
export interface Message {
  readonly id: string;
  readonly event: 'completed' | 'failed' | 'test';
  readonly trialId: number | null;
  readonly trialName: string | null;
  /** One line, without line ends. */
  readonly title: string;
  readonly text: string;
  readonly exitCode: number | null;
  readonly ranMs: number | null;
  readonly endedAtMs: number;
}

/** A message that was not sent. The sentence is for people and has no address, token or answer of somebody else's in it. */
export class DeliveryError extends Error {
  /** It may go later. */
  readonly transient: boolean;
  readonly remedy: string | null;
  constructor(message: string, transient: boolean, remedy: string | null = null) {
    super(message);
    this.name = 'DeliveryError';
    this.transient = transient;
    this.remedy = remedy;
  }
}

export interface Messenger {
  /**
   * Settles when the other side has taken the message; within its own time limit of at most 30 s.
   * @param signal ends it early
   * @throws DeliveryError
   */
  deliver(target: ChannelTarget, message: Message, signal: AbortSignal): Promise<void>;
}
