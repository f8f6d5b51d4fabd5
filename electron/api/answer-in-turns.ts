/** Large answers are put into text piece by piece, in turns with everybody else, and go out as they are made. */
import { takeTurns } from '../ports/turns.ts';

/** Characters of a piece: more would only wait in memory for a slow reader. */
const PIECE_CHARS = 256 * 1024;

/**
 * @param body what is long in it are lists right below its top, or what gives parts of a list one after the other
 * @returns the answer as JSON; a fault in its first piece is thrown, a later one breaks the answer off
 */
export async function answerInTurns(body: Readonly<Record<string, unknown>>): Promise<Response> {
  const pieces = writePieces(body);
  const first = await pieces.next();
  const second = await pieces.next();
  const headers = { 'content-type': 'application/json' };
  if (second.done === true) return new Response(first.value ?? '', { status: 200, headers });
  const encoder = new TextEncoder();
  let made: (string | undefined)[] = [first.value ?? '', second.value];
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = made.length > 0 ? made.join('') : (await pieces.next()).value;
      made = [];
      if (piece === undefined) controller.close();
      else controller.enqueue(encoder.encode(piece));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return new Response(stream, { status: 200, headers });
}

async function* writePieces(body: Readonly<Record<string, unknown>>): AsyncGenerator<string, undefined> {
  const pace = await takeTurns();
  let text = '{';
  let isFirst = true;
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined) continue;
    text += `${isFirst ? '' : ','}${JSON.stringify(name)}:`;
    isFirst = false;
    const parts = partsOf(value);
    if (parts === null) {
      text += JSON.stringify(value);
      continue;
    }
    let separator = '[';
    for await (const part of parts)
      for (const element of part) {
        text += `${separator}${JSON.stringify(element) ?? 'null'}`;
        separator = ',';
        if (text.length < PIECE_CHARS && !pace.isDue()) continue;
        yield text;
        text = '';
        await pace.step();
      }
    text += separator === '[' ? '[]' : ']';
  }
  yield `${text}}`;
  return undefined;
}

function partsOf(value: unknown): Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]> | null {
  if (Array.isArray(value)) return [value as readonly unknown[]];
  const isGiven = typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
  return isGiven ? (value as AsyncIterable<readonly unknown[]>) : null;
}
