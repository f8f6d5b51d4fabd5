/**
 * Asks the engine one short question after the other, in a thread of its own: who also reads the long answers would wait for himself.
 * Started with `workerData` { socket }; `begin` and `end` are said to it, and to `end` it answers the longest wait, ms.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { createSocketFetch } from '../../electron/client/socket-fetch.ts';
import { createApiClient } from '../support/api-client.ts';

export interface Asker {
  begin(): void;
  /** @returns the longest wait since `begin`, ms */
  end(): Promise<number>;
  close(): Promise<void>;
}

/** @param socket the engine's */
export async function startAsker(socket: string): Promise<Asker> {
  const thread = new Worker(new URL(import.meta.url), { workerData: { socket } });
  await once(thread, 'message');
  return {
    begin() {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage('begin');
    },
    async end() {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage('end');
      const [waitedMs] = (await once(thread, 'message')) as [number];
      return waitedMs;
    },
    async close() {
      await thread.terminate();
    },
  };
}

async function ask(port: NonNullable<typeof parentPort>, socket: string): Promise<void> {
  const api = createApiClient(createSocketFetch(socket));
  let waitedMs: number | null = null;
  port.on('message', (said: unknown) => {
    if (said === 'begin') waitedMs = 0;
    else {
      port.postMessage(waitedMs);
      waitedMs = null;
    }
  });
  port.postMessage('ready');
  for (;;) {
    if (waitedMs === null) {
      await once(port, 'message');
      continue;
    }
    const askedMs = performance.now();
    await api.call('GET', '/health');
    const tookMs = performance.now() - askedMs;
    if (waitedMs !== null) waitedMs = Math.max(waitedMs, tookMs);
    await nextTurn();
  }
}

const { socket } = (workerData ?? {}) as { readonly socket?: string };
if (parentPort !== null && socket !== undefined) void ask(parentPort, socket);
