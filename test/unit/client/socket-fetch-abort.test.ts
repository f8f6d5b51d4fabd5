import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import { expect, it, vi } from 'vitest';
import { createSocketFetch } from '../../../electron/client/socket-fetch.ts';

it('ends an answer when its signal fires, long after the request was forgotten', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-abort-'));
  let gone = false;
  const server = http.createServer((_request, response) => {
    response.write('one');
    response.on('close', () => {
      gone = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(path.join(dir, 's'), resolve));
  try {
    const stop = new AbortController();
    const fetch = createSocketFetch(path.join(dir, 's'));
    const ask = async () => (await fetch(new Request('http://x/', { signal: stop.signal }))).body?.getReader();
    const reader = await ask();
    await reader?.read();
    for (let round = 0; round < 5; round += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
    await reader?.read().catch(() => undefined);
    await vi.waitFor(() => expect(gone).toBe(true), { timeout: 5_000 });
  } finally {
    server.closeAllConnections();
    server.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
