/** A small engine for tests of doors and shells: it records what reaches it and answers from a table. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dataPaths } from '../../electron/ports/data-dir.ts';
import type { Engine, FeedFrame } from '../../electron/ports/engine-api.ts';

export interface FakeEngine extends Engine {
  /** "METHOD /path" of every request that got in. */
  readonly seen: string[];
  /** Sends a frame to everybody who subscribed. */
  emit(frame: FeedFrame): void;
  readonly listeners: Set<(frame: FeedFrame) => void>;
  requestStop(): void;
  closed: boolean;
}

/** @returns an absolute directory that is the test's own; the caller removes it */
export function temporaryDirectory(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-test-'));
}

/** What is emitted from now on, for one listener. */
function eventStream(listeners: Set<(frame: FeedFrame) => void>): Response {
  const encoder = new TextEncoder();
  let listener = (_frame: FeedFrame): void => undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(encoder.encode(': hello\n\n'));
      listener = ({ event, data }) => {
        controller.enqueue(encoder.encode(`event: ${event}\nid: 1\ndata: ${JSON.stringify(data)}\n\n`));
      };
      listeners.add(listener);
    },
    cancel() {
      listeners.delete(listener);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

/** @param answer what the API answers; null falls through to the feed, and to an echo of method, path and body */
export function createFakeEngine(
  dir: string,
  answer: (request: Request, url: URL) => Response | Promise<Response> | null = () => null,
): FakeEngine {
  const seen: string[] = [];
  const listeners = new Set<(frame: FeedFrame) => void>();
  let requestStop = () => {};
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve;
  });
  const engine: FakeEngine = {
    seen,
    listeners,
    stopRequested,
    requestStop,
    closed: false,
    paths: dataPaths(dir, process.platform, os.tmpdir()),
    async fetch(request) {
      const url = new URL(request.url);
      seen.push(`${request.method} ${url.pathname}`);
      return (
        (await answer(request, url)) ??
        (url.pathname === '/api/v1/events' ? eventStream(listeners) : null) ??
        Response.json({ method: request.method, path: url.pathname, body: await request.text() })
      );
    },
    async trialFetch(request) {
      seen.push(`trial ${request.method} ${new URL(request.url).pathname}`);
      return Response.json({ ok: true });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(frame) {
      for (const listener of listeners) listener(frame);
    },
    activeCount: () => 0,
    async close() {
      engine.closed = true;
    },
  };
  return engine;
}
