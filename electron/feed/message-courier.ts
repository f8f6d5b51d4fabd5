/**
 * Sends the messages that wait (store/messages.ts), for each channel one after the other and for all of them at once, so that one that hangs
 * holds up no other. Nobody waits for it.
 *
 * A message is deleted when the other side has taken it: what a crash comes between is sent again by the next engine (at least once; it
 * has the same id then). What may go later is tried five times within about forty minutes, then given up and told.
 */
import type { ChannelTarget, MessageTest } from '../contract/messages.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { DeliveryError, type Message, type Messenger } from '../ports/messenger.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { Store } from '../store/database.ts';
import {
  getChannel,
  listDue,
  noteFailed,
  noteSent,
  oldestMessage,
  type EndedTrial,
  type WaitingMessage,
} from '../store/messages.ts';
import { sayDuration } from '../text/say.ts';
import type { Notices } from './notices.ts';

/** Pauses before a message is tried again. */
const AGAIN_MS = [10_000, 60_000, 300_000, 1_800_000] as const;
/** After a fault that no channel is to blame for (the disk is full, say). */
const REST_MS = 60_000;
/** Ends of trials that come together are looked at together. */
const SOON_MS = 50;

export interface Courier {
  /** There may be something to send. */
  nudge(): void;
  /** Sends a test message now, past those that wait. @throws SwitchyardError not_found */
  test(channel: string): Promise<MessageTest>;
  close(): void;
}

export interface CourierDeps {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly messenger: Messenger;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly engineId: string;
  readonly notices: Pick<Notices, 'raise' | 'lower'>;
  readonly onError: (text: string, error: unknown) => void;
}

export function createCourier(deps: CourierDeps): Courier {
  const { store, clock } = deps;
  const busy = new Set<string>();
  /** Channels that rest after a fault of ours: a message that went out but could not be struck off must not go out again at once. */
  const restUntilMs = new Map<string, number>();
  const closed = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let dueAtMs = Infinity;

  function wakeIn(ms: number): void {
    const atMs = clock.nowMs() + ms;
    if (closed.signal.aborted || (timer !== null && dueAtMs <= atMs)) return;
    if (timer !== null) clearTimeout(timer);
    dueAtMs = atMs;
    timer = setTimeout(look, ms);
    timer.unref();
  }

  function look(): void {
    timer = null;
    for (const { channel, notBeforeMs } of listDue(store.db)) {
      if (busy.has(channel)) continue;
      const waitMs = Math.max(notBeforeMs, restUntilMs.get(channel) ?? 0) - clock.nowMs();
      // A clock that was set back must not hold a message for longer than the longest pause.
      if (waitMs > 0) wakeIn(Math.min(waitMs, Math.max(...AGAIN_MS)));
      else void work(channel);
    }
  }

  async function work(channel: string): Promise<void> {
    busy.add(channel);
    try {
      while (!closed.signal.aborted) {
        const next = oldestMessage(store.db, channel);
        if (next === null || !(await send(channel, next))) break;
      }
    } catch (error) {
      restUntilMs.set(channel, clock.nowMs() + REST_MS);
      deps.onError(`messages to ${channel} could not be sent`, error);
    } finally {
      busy.delete(channel);
      if (!closed.signal.aborted) wakeIn(SOON_MS);
    }
  }

  /** @returns whether the next may follow */
  async function send(channel: string, waiting: WaitingMessage): Promise<boolean> {
    try {
      await deps.messenger.deliver(openTarget(channel), describeEnd(waiting, deps.engineId), closed.signal);
    } catch (error) {
      if (closed.signal.aborted) return false;
      const { message, transient, remedy } = asDeliveryError(error, deps.onError);
      const pause = transient ? AGAIN_MS[waiting.tries] : undefined;
      const atMs = clock.nowMs();
      store.transact('message not sent', (tx) => {
        noteFailed(tx.db, channel, waiting.id, { message, atMs }, pause === undefined ? null : atMs + pause);
      });
      if (pause === undefined)
        deps.notices.raise({ id: noticeOf(channel), level: 'warning', ...sayLost(channel, message, remedy) });
      return pause === undefined;
    }
    store.transact('message sent', (tx) => {
      noteSent(tx.db, channel, waiting.id, clock.nowMs());
    });
    deps.notices.lower(noticeOf(channel));
    return true;
  }

  /** @throws SwitchyardError not_found, secret_unreadable */
  function openTarget(name: string): ChannelTarget {
    const row = getChannel(store.db, name);
    if (row === null)
      throw new SwitchyardError('not_found', `There is no channel "${name}".`, {
        remedy: 'List the channels with: switchyard notify',
      });
    return JSON.parse(deps.secrets.open(row.sealed)) as ChannelTarget;
  }

  return {
    nudge() {
      wakeIn(SOON_MS);
    },
    async test(channel) {
      const target = openTarget(channel);
      try {
        await deps.messenger.deliver(target, testMessage(deps.engineId, clock.nowMs()), closed.signal);
      } catch (error) {
        const { message, remedy } = asDeliveryError(error, deps.onError);
        return { ok: false, detail: message, remedy };
      }
      store.transact('test message sent', (tx) => {
        noteSent(tx.db, channel, null, clock.nowMs());
      });
      deps.notices.lower(noticeOf(channel));
      // What waited because of the fault that is mended now.
      wakeIn(0);
      return { ok: true, detail: `A test message was sent to ${channel}.`, remedy: null };
    },
    close() {
      closed.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

const noticeOf = (channel: string): string => `message_${channel}`;

function sayLost(channel: string, message: string, remedy: string | null): { text: string; remedy: string } {
  return {
    text: `A message to ${channel} could not be sent. ${message}`,
    remedy: remedy ?? `Try it with: switchyard notify --test ${channel}`,
  };
}

/** What is sent of an end. */
export function describeEnd(
  { id, ended }: { readonly id: number; readonly ended: EndedTrial },
  engineId: string,
): Message {
  const { reason, ...facts } = ended;
  const name = (ended.trialName ?? '').replaceAll(/\s+/g, ' ');
  const ran = ended.ranMs === null ? '' : ` after ${sayDuration(ended.ranMs)}`;
  const title = `#${ended.trialId ?? ''} ${name} ${ended.event}`;
  const text = ended.event === 'completed' ? `Completed${ran}.` : `Failed${ran}: ${reason}`;
  return { id: `${engineId}-${id}`, ...facts, title, text };
}

function testMessage(engineId: string, nowMs: number): Message {
  return {
    id: `${engineId}-test-${nowMs}`,
    event: 'test',
    trialId: null,
    trialName: null,
    title: 'Switchyard: a test',
    text: 'Messages from Switchyard arrive here.',
    exitCode: null,
    ranMs: null,
    endedAtMs: nowMs,
  };
}

function asDeliveryError(
  error: unknown,
  onError: CourierDeps['onError'],
): Pick<DeliveryError, 'message' | 'transient' | 'remedy'> {
  if (error instanceof DeliveryError) return error;
  if (error instanceof SwitchyardError)
    return { message: error.message, transient: false, remedy: error.remedy ?? null };
  onError('a message could not be sent', error);
  return {
    message: 'It failed in a way that was not foreseen; the engine log has the details.',
    transient: false,
    remedy: null,
  };
}
