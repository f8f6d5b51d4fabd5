/** Which channels a trial tells of its end. Pure. */
import type { Channel, TrialMessages } from '../../../electron/contract/messages.ts';

type Chosen = TrialMessages['channels'];

/** @returns whether it tells this one; where nothing was chosen for the trial, the channel's own events say so */
export function isTold(channel: Pick<Channel, 'name' | 'events'>, chosen: Chosen): boolean {
  return chosen === null ? channel.events !== 'asked' : chosen.includes(channel.name);
}

/** @returns what is chosen after a channel was switched: from then on all of them by name */
export function switchChannel(
  channels: readonly Pick<Channel, 'name' | 'events'>[],
  chosen: Chosen,
  name: string,
): string[] {
  return channels.filter((each) => isTold(each, chosen) !== (each.name === name)).map((each) => each.name);
}
