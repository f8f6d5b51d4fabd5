/** Messages out: channels, tests of them, and which of them a trial tells. */
import type { Channel, ChannelBody, ChannelTarget, MessageTest, TrialMessages } from '../../contract/messages.ts';
import { SwitchyardError } from '../../contract/errors.ts';
import type { Courier } from '../../feed/message-courier.ts';
import type { SecretBox } from '../../ports/secret-box.ts';
import type { Store } from '../../store/database.ts';
import {
  deleteChannel,
  getChannel,
  getTrialChannels,
  listChannels,
  putChannel,
  setTrialChannels,
  type ChannelRow,
} from '../../store/messages.ts';
import { suggest } from '../../text/nearest.ts';
import { requireTrial } from '../../trials/require-trial.ts';

const MAX_CHANNELS = 20;

export interface MessageService {
  channels(): Channel[];
  /** Makes a channel, or changes all of one. @throws SwitchyardError invalid_request when there are too many */
  putChannel(name: string, body: ChannelBody): Channel;
  /** @throws SwitchyardError not_found */
  deleteChannel(name: string): void;
  /** @throws SwitchyardError not_found */
  testChannel(name: string): Promise<MessageTest>;
  /** @throws SwitchyardError not_found */
  trialMessages(id: number): TrialMessages;
  /** @throws SwitchyardError not_found, of a trial or of a channel */
  setTrialMessages(id: number, messages: TrialMessages): TrialMessages;
}

export function createMessageService(deps: {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly courier: Courier;
}): MessageService {
  const { store, secrets, courier } = deps;
  const { db } = store;
  return {
    channels: () => listChannels(db).map(toChannel),
    putChannel(name, { target, events, leastRanS }) {
      const sealed = secrets.seal(JSON.stringify(target));
      const row = store.transact('message channel', (tx) => {
        if (getChannel(tx.db, name) === null && listChannels(tx.db).length >= MAX_CHANNELS)
          throw new SwitchyardError('invalid_request', `There are ${MAX_CHANNELS} channels already.`, {
            remedy: 'Remove one: switchyard notify rm NAME',
          });
        putChannel(tx.db, { name, kind: target.kind, sealed, shown: showTarget(target), events, leastRanS });
        return getChannel(tx.db, name);
      });
      courier.nudge();
      return toChannel(row ?? missing(name));
    },
    deleteChannel(name) {
      store.transact('remove message channel', (tx) => {
        if (!deleteChannel(tx.db, name)) missing(name);
      });
    },
    testChannel: (name) => courier.test(name),
    trialMessages(id) {
      requireTrial(db, id);
      return { channels: getTrialChannels(db, id) };
    },
    setTrialMessages(id, { channels }) {
      requireTrial(db, id);
      for (const name of channels ?? []) if (getChannel(db, name) === null) missing(name);
      const wanted = channels === null ? null : [...new Set(channels)];
      store.transact('channels of a trial', (tx) => {
        setTrialChannels(tx.db, id, wanted);
      });
      return { channels: wanted };
    },
  };

  function missing(name: string): never {
    const names = listChannels(db).map((channel) => channel.name);
    const near = suggest(name, names);
    throw new SwitchyardError(
      'not_found',
      `There is no channel "${name}".${near === null ? '' : ` Did you mean "${near}"?`}`,
      { remedy: names.length === 0 ? 'Make one: switchyard notify --help' : `Channels: ${names.join(', ')}.` },
    );
  }
}

/** Field by field: what is sealed stays here. */
function toChannel({ lastErrorAtMs, lastError, ...row }: ChannelRow): Channel {
  const { name, kind, shown, events, leastRanS, waiting, lastSentAtMs } = row;
  return {
    name,
    kind,
    shown,
    events,
    leastRanS,
    waiting,
    lastSentAtMs,
    lastError: lastError === null || lastErrorAtMs === null ? null : { atMs: lastErrorAtMs, message: lastError },
  };
}

/** Where it leads, without what must stay secret: the path of a webhook, the topic of ntfy, the words behind a program. */
export function showTarget(target: ChannelTarget): string {
  if (target.kind === 'mail') return target.to;
  if (target.kind === 'command') {
    const program = /^[\w./-]{1,80}(?=\s|$)/.exec(target.command)?.[0] ?? '';
    return program === target.command ? program : `${program} …`.trim();
  }
  // No user or password of the address either.
  return URL.canParse(target.url) ? `${new URL(target.url).protocol}//${new URL(target.url).host}/…` : '…';
}
