/** GET /events: the change feed as server-sent events. A client that cannot keep up is told to fetch the snapshot again. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { getEvents } from '../contract/routes.ts';
import type { FeedFrame } from '../ports/engine-api.ts';
import type { Services } from './services/services.ts';

const KEEP_ALIVE_MS = 20_000;
/** Frames a slow client may lag behind before its backlog is replaced by one resync. */
const MAX_BACKLOG = 2_000;

export function mountFeed(api: OpenAPIHono, services: Services): void {
  api.openapi(getEvents, (c) => {
    const lastId = c.req.header('last-event-id');
    const after = lastId !== undefined && /^\d+$/.test(lastId) ? Number(lastId) : (c.req.valid('query').after ?? null);
    return streamSSE(c, async (stream) => {
      let backlog: FeedFrame[] = [];
      let wake: (() => void) | null = null;
      const unsubscribe = services.subscribe((frame) => {
        backlog.push(frame);
        if (backlog.length > MAX_BACKLOG) backlog = [{ event: 'resync', data: { reason: 'too many changes at once' } }];
        wake?.();
      });
      const ended = new Promise<void>((resolve) => {
        stream.onAbort(resolve);
      });
      void ended.then(() => wake?.());
      try {
        backlog = [...(await services.catchUp(after)), ...backlog];
        await stream.write(': switchyard\n\n');
        while (!stream.aborted) {
          const frame = backlog.shift();
          if (frame !== undefined) {
            await stream.writeSSE({
              event: frame.event,
              data: JSON.stringify(frame.data),
              ...(frame.event === 'changes' ? { id: String(frame.data.seq) } : {}),
            });
            continue;
          }
          let timer: NodeJS.Timeout | undefined;
          const quiet = await new Promise<boolean>((resolve) => {
            wake = () => {
              resolve(false);
            };
            timer = setTimeout(() => {
              resolve(true);
            }, KEEP_ALIVE_MS);
            if (backlog.length > 0 || stream.aborted) resolve(false);
          });
          clearTimeout(timer);
          wake = null;
          // A comment keeps proxies and dead connections honest.
          if (quiet) await stream.write(': still here\n\n');
        }
      } finally {
        unsubscribe();
      }
    }) as never;
  });
}
