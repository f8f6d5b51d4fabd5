/** The route of the change feed: where a client goes on, and what becomes of one that cannot keep up. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { expect, it } from 'vitest';
import { mountFeed } from '../../../electron/api/feed.ts';
import type { Services } from '../../../electron/api/services/services.ts';
import { readEvents } from '../../../electron/client/event-stream.ts';
import type { FeedFrame } from '../../../electron/ports/engine-api.ts';

function open(): {
  readonly app: OpenAPIHono;
  readonly askedAfter: (number | null)[];
  readonly listeners: Set<(frame: FeedFrame) => void>;
} {
  const askedAfter: (number | null)[] = [];
  const listeners = new Set<(frame: FeedFrame) => void>();
  const services: Pick<Services, 'catchUp' | 'subscribe'> = {
    catchUp: (seq) => {
      askedAfter.push(seq);
      return Promise.resolve([]);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const app = new OpenAPIHono();
  mountFeed(app, services as Services);
  return { app, askedAfter, listeners };
}
const changes = (seq: number): FeedFrame => ({
  event: 'changes',
  data: { seq, trials: [], removedTrials: [], pools: [], removedPools: [] },
});

it('goes on after what the client saw last, by its question or by what its browser remembers', async () => {
  const { app, askedAfter } = open();
  for (const [path, headers] of [
    ['/events?after=7', {}],
    ['/events?after=7', { 'last-event-id': '9' }],
    ['/events?after=7', { 'last-event-id': 'x' }],
    ['/events', {}],
  ] as const) {
    const answer = await app.request(path, { headers });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    await answer.body?.cancel();
  }
  expect(askedAfter).toEqual([7, 9, 7, null]);
});

it('replaces what a slow client has not read by one resync, and hears when it leaves', async () => {
  const { app, listeners } = open();
  const answer = await app.request('/events');
  const [listener] = listeners;
  for (let seq = 1; seq <= 3_000; seq += 1) listener?.(changes(seq));
  const seen: string[] = [];
  for await (const { event, data } of readEvents(answer.body as unknown as AsyncIterable<Uint8Array>)) {
    seen.push(event);
    if (event === 'changes' && (JSON.parse(data) as { seq: number }).seq === 3_000) break;
  }
  expect(seen).toContain('resync');
  expect(seen.length).toBeLessThan(2_100);
  expect(listeners.size).toBe(0);
});
