/** Log routes: raw ranges, following, searching. Bytes go from the file to the client; nothing passes through the database. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { stream, streamSSE } from 'hono/streaming';
import * as routes from '../contract/routes.ts';
import { followLog } from '../trials/log/log-follow.ts';
import { searchLog } from '../trials/log/log-search.ts';
import { readLogRange, streamLog } from '../trials/log/log-store.ts';
import type { Services } from './services/services.ts';

export function mountLogs(api: OpenAPIHono, services: Services): void {
  api.openapi(routes.logInfo, async (c) => {
    const { id, attempt } = c.req.valid('param');
    return c.json(await services.logInfo(id, attempt), 200);
  });

  api.openapi(routes.readLog, async (c) => {
    const { id, attempt } = c.req.valid('param');
    const { offset, limit, download } = c.req.valid('query');
    const { path } = services.log(id, attempt);
    c.header('content-type', 'application/octet-stream');
    c.header('x-content-type-options', 'nosniff');
    if (download === '1') c.header('content-disposition', `attachment; filename="switchyard-${id}-${attempt}.log"`);
    if (offset === undefined && limit === undefined) {
      return stream(c, async (out) => {
        for await (const chunk of streamLog(path)) {
          if (out.aborted) return;
          await out.write(new Uint8Array(chunk));
        }
      }) as never;
    }
    const slice = await readLogRange(path, offset ?? 0, limit);
    c.header('x-log-offset', String(slice.offset));
    c.header('x-log-next', String(slice.next));
    c.header('x-log-total', String(slice.totalBytes));
    return c.body(new Uint8Array(slice.data)) as never;
  });

  api.openapi(routes.followLog, (c) => {
    const { id, attempt } = c.req.valid('param');
    const lastId = c.req.header('last-event-id');
    const offset = lastId !== undefined && /^\d+$/.test(lastId) ? Number(lastId) : c.req.valid('query').offset;
    const log = services.log(id, attempt);
    return streamSSE(c, async (out) => {
      const gone = new AbortController();
      out.onAbort(() => {
        gone.abort();
      });
      await out.write(': log\n\n');
      try {
        const end = await followLog({
          logPath: log.path,
          offset,
          onChunk: ({ offset: from, next, data }) =>
            out.writeSSE({
              event: 'chunk',
              id: String(next),
              data: JSON.stringify({ offset: from, next, text: data.toString('base64') }),
            }),
          onDropped: (range) => out.writeSSE({ event: 'dropped', data: JSON.stringify(range) }),
          ended: log.ended,
          signal: gone.signal,
        });
        if (end.ended && !out.aborted)
          await out.writeSSE({ event: 'end', data: JSON.stringify({ totalBytes: end.next }) });
      } catch (error) {
        if (!gone.signal.aborted) services.reportBug(error, `follow log of #${id}`);
      }
    }) as never;
  });

  api.openapi(routes.searchLog, async (c) => {
    const { id, attempt } = c.req.valid('param');
    const { q, limit, from } = c.req.valid('query');
    const { path } = services.log(id, attempt);
    const found = await searchLog({ logPath: path, query: q, from, limit });
    return c.json({ hits: found.hits.map(({ offset, line }) => ({ offset, line })), more: found.more }, 200);
  });
}
