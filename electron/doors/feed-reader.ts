/** Reads the change feed of an engine in another process: server-sent events over a fetch function, one connection after another. */
import type { FeedFrame } from '../ports/engine-api.ts';
import { API_PREFIX } from '../contract/routes.ts';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 1_000;

export interface FeedReaderOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly onFrame: (frame: FeedFrame) => void;
  /** Called with true on every (re)connection, before its frames, and with false when one was lost or refused. */
  readonly onConnection: (isConnected: boolean) => void;
  readonly retryMs?: number;
}

/** Starts to read. @returns the function that stops it for good */
export function readFeed(options: FeedReaderOptions): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  void (async () => {
    while (!signal.aborted) {
      try {
        const response = await options.fetch(
          new Request(`http://localhost${API_PREFIX}/events`, { signal, headers: { accept: 'text/event-stream' } }),
        );
        if (response.ok && response.body !== null) {
          options.onConnection(true);
          await readFrames(response.body, options.onFrame);
        }
      } catch {
        // Not there or gone again: the next attempt is a second away.
      }
      if (signal.aborted) return;
      options.onConnection(false);
      await delay(options.retryMs ?? RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  })();
  return () => stop.abort();
}

async function readFrames(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onFrame: (frame: FeedFrame) => void,
): Promise<void> {
  const parse = createEventParser((event, data) => {
    // The engine is our own, of this or a newer version: names we do not know are for others.
    onFrame({ event, data: JSON.parse(data) } as FeedFrame);
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) parse(decoder.decode(chunk, { stream: true }));
}

/**
 * Server-sent events as the HTML standard has them, of which our engine uses event and data.
 * @param onEvent called for every event that has a name and data
 * @returns takes the text as it comes, cut anywhere
 */
export function createEventParser(onEvent: (event: string, data: string) => void): (text: string) => void {
  let rest = '';
  let event = '';
  let data: string[] = [];
  return (text) => {
    rest += text;
    // A CR at the end may be half of a CRLF: it waits for what follows.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (event !== '' && data.length > 0) onEvent(event, data.join('\n'));
        event = '';
        data = [];
      } else if (line.startsWith('event:')) event = line.slice(6).replace(/^ /, '');
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
  };
}
