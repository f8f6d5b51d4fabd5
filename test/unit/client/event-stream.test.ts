/** The one reader of server-sent events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../electron/client/event-stream.ts';

describe('server-sent events', () => {
  const collect = async (chunks: readonly Buffer[]): Promise<unknown[]> => {
    const events = [];
    for await (const event of readEvents(
      (async function* source() {
        yield* chunks;
      })(),
    ))
      events.push(event);
    return events;
  };
  const text = ': hello\r\n\r\nevent: changes\nid: 7\ndata: {"a":\ndata: "ü"}\n\ndata: x\n\nevent: lost\n';
  const expected = [
    { event: 'changes', data: '{"a":\n"ü"}' },
    { event: 'message', data: 'x' },
  ];

  it('reads fields, comments and several data lines', async () => {
    expect(await collect([Buffer.from(text)])).toEqual(expected);
  });
  it('reads the same however the bytes are cut', async () => {
    const bytes = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(await collect(places.slice(1).map((end, index) => bytes.subarray(places[index], end)))).toEqual(
          expected,
        );
      }),
    );
  });
});
