/** The fields of a place where messages go, and what they make. Pure. */
import type { ChannelEvents, ChannelTarget } from '../../../electron/contract/messages.ts';
import { ApiError } from '../../api/problem.ts';

export interface MessageForm {
  readonly name: string;
  readonly kind: ChannelTarget['kind'];
  /** The command, the address or the recipient. */
  readonly to: string;
  readonly token: string;
  readonly events: ChannelEvents;
}

export const EMPTY_MESSAGE_FORM: MessageForm = { name: '', kind: 'ntfy', to: '', token: '', events: 'done' };

/** What the one field is called, and what stands in it as an example. */
export const TO_FIELDS: Readonly<Record<ChannelTarget['kind'], { readonly label: string; readonly example: string }>> =
  {
    ntfy: { label: 'Address with the topic', example: 'https://ntfy.sh/my-topic' },
    webhook: { label: 'Address', example: 'https://example.org/hook' },
    mail: { label: 'Recipient', example: 'me@example.org' },
    command: { label: 'Command', example: 'notify-send "$SWITCHYARD_TITLE" "$SWITCHYARD_TEXT"' },
  };

const refuse = (path: string, detail: string): ApiError =>
  new ApiError({ status: 0, code: 'invalid_config', detail, path });

/** @returns where the messages go; throws ApiError with the path of the field that is empty */
export function buildTarget({ name, kind, to, token }: MessageForm): ChannelTarget {
  if (name.trim() === '') throw refuse('name', 'Give it a name, for example phone: trials name it by that.');
  const address = to.trim();
  if (address === '') throw refuse('to', `Say where it goes: ${TO_FIELDS[kind].label.toLowerCase()}.`);
  switch (kind) {
    case 'command':
      return { kind, command: address };
    case 'mail':
      return { kind, to: address };
    case 'webhook':
      return { kind, url: address };
    case 'ntfy':
      return { kind, url: address, ...(token.trim() === '' ? {} : { token: token.trim() }) };
  }
}
