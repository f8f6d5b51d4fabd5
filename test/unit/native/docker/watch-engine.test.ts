/** Events of the engine come as lines of JSON, in pieces of any length. */
import { expect, test } from 'vitest';
import { readFreezes } from '../../../../native/docker/watch-engine.ts';

const event = (action: string, attempt?: string): string =>
  `${JSON.stringify({ Type: 'container', Action: action, Actor: { ID: 'c', Attributes: attempt === undefined ? {} : { 'switchyard.attempt': attempt } } })}\n`;

test('whose container was paused or went on is told once per event, however the lines are cut', () => {
  const text = `${event('pause', 'e-t1-a1')}${event('die', 'e-t2-a1')}not JSON\n${event('unpause', 'e-t3-a1')}${event('pause')}`;
  for (const length of [1, 7, text.length]) {
    const heard: string[] = [];
    const read = readFreezes((attemptId) => heard.push(attemptId));
    for (let at = 0; at < text.length; at += length) read(text.slice(at, at + length));
    expect(heard).toEqual(['e-t1-a1', 'e-t3-a1']);
  }
});
