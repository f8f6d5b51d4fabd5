/** Follows the change feed of an engine in another process, over a fetch function, one connection after another. */
import { setTimeout as delay } from 'node:timers/promises';
import { API_PREFIX } from '../contract/api-prefix.ts';
import type { FeedFrame } from '../ports/engine-api.ts';
import { readEvents } from './event-stream.ts';

const RETRY_MS = 1_000;

export interface FollowFeedOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly onFrame: (frame: FeedFrame) => void;
  /** Called with true on every (re)connection, before its frames, and with false when one was lost or refused. */
  readonly onConnection: (isConnected: boolean) => void;
  readonly retryMs?: number;
}

/** Starts to follow. @returns the function that stops it for good */
export function followFeed(options: FollowFeedOptions): () => void {
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
          // The engine is our own, of this or a newer version: names we do not know are for others.
          for await (const { event, data } of readEvents(response.body))
            options.onFrame({ event, data: JSON.parse(data) } as FeedFrame);
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
