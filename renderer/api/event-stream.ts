/** Server-sent events by fetch: EventSource cannot send the page's key. One connection; who opened it decides whether to come back. */
import { createParser } from 'eventsource-parser';
import { pageKeyHeader } from './page-key.ts';

export interface EventStream {
  /** Nothing is called afterwards. */
  close(): void;
}

export interface EventStreamHandlers {
  readonly onEvent: (event: string, data: string) => void;
  /** The stream was refused, broke or ended; called once, and not after close(). */
  readonly onLost: () => void;
}

/** @param url same origin, answered with text/event-stream */
export function openEventStream(url: string, { onEvent, onLost }: EventStreamHandlers): EventStream {
  const leave = new AbortController();
  const parser = createParser({
    onEvent: ({ event = 'message', data }) => {
      if (!leave.signal.aborted) onEvent(event, data);
    },
  });
  const read = async (): Promise<void> => {
    const answer = await fetch(url, {
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { accept: 'text/event-stream', ...pageKeyHeader() },
      signal: leave.signal,
    });
    if (!answer.ok || answer.body === null) return;
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  };
  const lost = (): void => {
    if (leave.signal.aborted) return;
    leave.abort();
    onLost();
  };
  read().then(lost, lost);
  return { close: () => leave.abort() };
}
