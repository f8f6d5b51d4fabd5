import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { openDoors } from '../../../electron/doors/open-doors.ts';
import { serve, type ServeEnvironment } from '../../../electron/serve.ts';
import { createFakeEngine, temporaryDirectory, type FakeEngine } from '../../fakes/engine.ts';

let dir = '';
let engine: FakeEngine;
let printed: string[] = [];
let warned: string[] = [];
let onPrint = (_line: string) => {};

function environment(changes: Partial<ServeEnvironment> = {}): Partial<ServeEnvironment> {
  return {
    env: { SWITCHYARD_HOME: dir },
    print: (line) => {
      printed.push(line);
      onPrint(line);
    },
    warn: (line) => {
      warned.push(line);
    },
    startEngine: async () => engine,
    stopAsked: new Promise(() => {}),
    ...changes,
  };
}

beforeEach(() => {
  dir = temporaryDirectory();
  engine = createFakeEngine(dir);
  printed = [];
  warned = [];
  onPrint = () => {};
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

describe('serve', () => {
  it('says that it is ready and where, works, and ends well when asked to', async () => {
    let ask = () => {};
    const stopAsked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    const ready = new Promise<string>((resolve) => {
      onPrint = (line) => {
        if (line.startsWith('Open ')) resolve(line.slice(5));
      };
    });
    const ended = serve(['--port', '0'], environment({ stopAsked }));
    const url = new URL(await ready);
    expect(url.hash).toMatch(/^#token=/);
    expect(printed[0]).toContain('is ready');
    expect((await fetch(new URL('/api/v1/state', url))).status).toBe(401);
    ask();
    expect(await ended).toBe(0);
    expect(engine.closed).toBe(true);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect(warned).toEqual([]);
  });

  it('ends when the engine is asked to stop through the API', async () => {
    onPrint = () => engine.requestStop();
    expect(await serve(['--port', '0', '--json'], environment())).toBe(0);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      ready: true,
      alreadyRunning: false,
      dataDir: dir,
      pid: process.pid,
    });
    expect(printed).toHaveLength(1);
  });

  it('ends by force when the orderly end hangs, and says so', async () => {
    onPrint = () => engine.requestStop();
    engine.close = () => new Promise(() => {});
    const forced = new Promise<void>((resolve) => {
      void serve(['--port', '0', '--json'], environment({ orderlyEndMs: 20, endByForce: resolve }));
    });
    await forced;
    expect(warned.join()).toMatch(/ends by force.*Nothing saved is lost/);
  });

  it('hands out a link to the engine that already runs, and calls that success', async () => {
    const doors = await openDoors(engine, { uiRoot: dir, port: 0 });
    const locked = async () => {
      throw new SwitchyardError('data_dir_locked', 'Another engine owns it.');
    };
    try {
      expect(await serve([], environment({ startEngine: locked }))).toBe(0);
      expect(printed.join('\n')).toContain(`Open ${doors.http.url}#token=`);
      expect(engine.closed).toBe(false);
    } finally {
      await doors.close();
    }
  });

  it('says what to do when the port is taken, and lets the engine go', async () => {
    const blocker = http.createServer();
    await new Promise<void>((resolve) => {
      blocker.listen(0, '127.0.0.1', resolve);
    });
    const { port } = blocker.address() as AddressInfo;
    try {
      expect(await serve(['--port', String(port)], environment())).toBe(1);
      expect(warned.join('\n')).toContain(`Port ${port} is taken`);
      expect(engine.closed).toBe(true);
    } finally {
      blocker.close();
    }
  });

  it('starts nothing for wrong flags, and passes on why an engine cannot start', async () => {
    const startEngine = async () => {
      throw new SwitchyardError('database_newer', 'The database is newer.', { remedy: 'Update Switchyard.' });
    };
    expect(await serve(['--prot', '1'], environment({ startEngine }))).toBe(2);
    expect(warned[0]).toContain('--port');
    expect(await serve([], environment({ startEngine }))).toBe(1);
    expect(warned[1]).toBe('The database is newer.\nUpdate Switchyard.');
  });
});
