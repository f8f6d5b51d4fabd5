/** Reads server-sent events (the text/event-stream of the HTML standard) from a byte stream. */
import { createParser } from 'eventsource-parser';

export interface ServerEvent {
  /** "message" when the stream names none. */
  readonly event: string;
  readonly data: string;
}

/** @param bytes the body, cut anywhere; ends when it ends, throws what it throws */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let read: ServerEvent[] = [];
  const parser = createParser({ onEvent: ({ event = 'message', data }) => void read.push({ event, data }) });
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* read;
    read = [];
  }
}
