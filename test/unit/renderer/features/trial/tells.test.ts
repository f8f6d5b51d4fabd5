import { expect, test } from 'vitest';
import { isTold, switchChannel } from '../../../../../renderer/features/trial/tells.ts';

const CHANNELS = [
  { name: 'phone', events: 'done' },
  { name: 'mail', events: 'failed' },
  { name: 'team', events: 'asked' },
] as const;
const told = (chosen: string[] | null): string[] =>
  CHANNELS.filter((channel) => isTold(channel, chosen)).map(({ name }) => name);

test('a trial tells those whose events say so, until somebody chooses; then the chosen ones, whatever their events say', () => {
  expect(told(null)).toEqual(['phone', 'mail']);
  expect(told([])).toEqual([]);
  expect(told(['team'])).toEqual(['team']);
});

test('a switch changes one channel and keeps the others as they were', () => {
  expect(switchChannel(CHANNELS, null, 'team')).toEqual(['phone', 'mail', 'team']);
  expect(switchChannel(CHANNELS, null, 'phone')).toEqual(['mail']);
  expect(switchChannel(CHANNELS, ['phone'], 'phone')).toEqual([]);
  // A name that was chosen and is no channel any more is let go.
  expect(switchChannel(CHANNELS, ['gone', 'mail'], 'phone')).toEqual(['phone', 'mail']);
});
