import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerInTurns } from '../../../electron/api/answer-in-turns.ts';

test('the text is what JSON makes of it', async () => {
  const body = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()), fc.constant(undefined)));
  await fc.assert(
    fc.asyncProperty(body, async (value) => {
      expect(await (await answerInTurns(value)).text()).toBe(JSON.stringify(value));
    }),
  );
});

test('a long list is written over several turns', async () => {
  let turns = 0;
  const over = new AbortController();
  const others = (async () => {
    while (!over.signal.aborted) {
      await new Promise(setImmediate);
      turns += 1;
    }
  })();
  const list = Array.from({ length: 100_000 }, (_, id) => ({ id, text: 'x'.repeat(100) }));
  const answer = await answerInTurns({ list });
  expect(((await answer.json()) as { list: unknown[] }).list).toHaveLength(list.length);
  over.abort();
  await others;
  expect(turns).toBeGreaterThan(2);
});

test('what comes part by part is one list; a fault before the first piece is thrown', async () => {
  async function* parts(): AsyncGenerator<number[]> {
    for (const part of [[1, 2], [], [3]]) yield part;
  }
  expect(await (await answerInTurns({ a: parts(), b: 1 })).json()).toEqual({ a: [1, 2, 3], b: 1 });
  const faulty = async function* (isFault: boolean): AsyncGenerator<number[]> {
    if (isFault) throw new Error('no such row');
    yield [];
  };
  await expect(answerInTurns({ a: faulty(true) })).rejects.toThrow('no such row');
});
