/** What a launch with GPUs has shown is believed until something was set up anew. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type Dockerode from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineConnection } from '../../../../native/docker/connection.ts';
import { createEngineInspector, type EngineInspector } from '../../../../native/docker/engine-status.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-status-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function openInspector(): { inspector: EngineInspector; restart(): void; reload(): void; files: string[] } {
  const info: { Runtimes: Record<string, unknown> } = { Runtimes: {} };
  const answer = (): Dockerode =>
    ({ version: () => Promise.resolve({ Version: '1' }), info: () => Promise.resolve(info) }) as unknown as Dockerode;
  let engine = answer();
  const connection: Pick<EngineConnection, 'engine' | 'call' | 'address'> = {
    engine: () => Promise.resolve(engine),
    call: (_, work) => work(engine),
    address: () => null,
  };
  const files = ['hook', 'config.toml'].map((name) => path.join(dir, name));
  return {
    files,
    inspector: createEngineInspector(connection, { hooks: files.slice(0, 1), settings: files.slice(1) }),
    restart: () => {
      engine = answer();
    },
    reload: () => {
      info.Runtimes = { nvidia: {} };
    },
  };
}

test('a failed launch makes the doctor say so, until the toolkit, its settings or the engine changed', async () => {
  const { inspector, restart, reload, files } = openInspector();
  const [hook = '', settings = ''] = files;
  const verdict = async (): Promise<boolean | null> => (await inspector.status()).gpuSupport;
  const failAgain = async (): Promise<void> => {
    await inspector.noteGpuLaunch(false);
    expect(await verdict()).toBe(false);
  };
  expect(await verdict()).toBeNull();
  await failAgain();
  writeFileSync(hook, '');
  expect(await verdict()).toBe(true);
  await failAgain();
  writeFileSync(settings, '');
  expect(await verdict()).toBe(true);
  await failAgain();
  utimesSync(settings, 1, 2);
  expect(await verdict()).toBe(true);
  await failAgain();
  restart();
  expect(await verdict()).toBe(true);
  await failAgain();
  reload();
  expect(await verdict()).toBe(true);
  await inspector.noteGpuLaunch(true);
  expect(await verdict()).toBe(true);
});
