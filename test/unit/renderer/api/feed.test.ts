/** The window's feed against an engine that says what a test tells it to: snapshots, streams, and the key of the page with each. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepPageKey } from '../../../../renderer/api/page-key.ts';
import { useEngine } from '../../../../renderer/api/store.ts';

// By a name the type checker does not follow: the module is written for a page, and tests are checked without one.
const FEED = '../../../../renderer/api/feed.ts';
const { startFeed } = (await import(FEED)) as { startFeed(): void };

interface Connection {
  readonly url: string;
  readonly headers: Record<string, string>;
  send(event: string, data: unknown): void;
  end(): void;
}

let seq = 10;
let streams: Connection[] = [];
let snapshots = 0;
let keys: (string | undefined)[] = [];

beforeEach(() => {
  seq = 10;
  streams = [];
  snapshots = 0;
  keys = [];
  vi.stubGlobal('document', { hidden: true });
  vi.stubGlobal('fetch', (url: string, init: { headers: Record<string, string>; signal?: AbortSignal }) => {
    keys.push(init.headers['x-switchyard-page']);
    if (url.startsWith('/api/v1/state')) {
      snapshots += 1;
      const snapshot = { seq, nowMs: 0, pools: [], trials: [], gpus: { gpus: [], slots: [] }, notices: [] };
      return Promise.resolve(Response.json({ ...snapshot, plan: { waiting: [], forecast: [], clearAtMs: {} } }));
    }
    if (url === '/api/v1/cloud/money')
      return Promise.resolve(Response.json({ liveMachines: 2, perHourUsd: 1.5, perHourIsWhole: true, days: [] }));
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (it) => void (controller = it) });
    init.signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
    streams.push({
      url,
      headers: init.headers,
      send: (event, data) =>
        controller.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)),
      end: () => controller.close(),
    });
    return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  });
});
afterEach(() => vi.unstubAllGlobals());

const stream = (index: number): Promise<Connection> =>
  vi.waitFor(() => {
    const found = streams[index];
    if (found === undefined) throw new Error(`no stream ${index} yet`);
    return found;
  });

test('a resync fetches the snapshot again and follows from there', async () => {
  keepPageKey('the key');
  startFeed();
  const first = await stream(0);
  expect(first.url).toBe('/api/v1/events?after=10');
  seq = 99;
  first.send('resync', { reason: 'too many changes at once' });
  const second = await stream(1);
  expect(second.url).toBe('/api/v1/events?after=99');
  expect(snapshots).toBe(2);
  expect(useEngine.getState()).toMatchObject({ connection: 'live', seq: 99 });
  // The page shows its key with each request: no cookie opens anything alone.
  expect(new Set(keys)).toEqual(new Set(['the key']));
  // What the left connection still says is not heard.
  expect(() => first.send('notices', [{ id: 'old' }])).toThrow();
  second.send('notices', [{ id: 'new' }]);
  await vi.waitFor(() => expect(useEngine.getState().notices).toEqual([{ id: 'new' }]));
});

test('a stream that ends is opened again, over a new snapshot', async () => {
  startFeed();
  (await stream(0)).end();
  await vi.waitFor(() => expect(useEngine.getState().connection).toBe('lost'));
  await stream(1);
  expect(snapshots).toBe(2);
  expect(useEngine.getState().connection).toBe('live');
});

test('what rented machines cost is read with the snapshot, and follows the feed', async () => {
  startFeed();
  const first = await stream(0);
  await vi.waitFor(() => expect(useEngine.getState().cloud).toMatchObject({ liveMachines: 2, perHourUsd: 1.5 }));
  const gone = { liveMachines: 0, perHourUsd: 0, perHourIsWhole: true, attention: 0 };
  first.send('cloud', gone);
  await vi.waitFor(() => expect(useEngine.getState().cloud).toEqual(gone));
});
