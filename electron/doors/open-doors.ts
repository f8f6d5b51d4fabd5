/** Opens the doors of a headless engine (socket and loopback HTTP) and tells others where they are. */
import fs from 'node:fs';
import path from 'node:path';
import type { Engine } from '../ports/engine-api.ts';
import type { Clock } from '../ports/clock.ts';
import { createDoorLog } from './door-log.ts';
import { openHttpDoor, type HttpDoor } from './http-door.ts';
import { keptPort } from './kept-port.ts';
import { createLoginDesk } from './login-desk.ts';
import { writePrivateFile } from './private-file.ts';
import { sessionFile } from './session-file.ts';
import { openSocketDoor } from './socket-door.ts';
import { createUiFiles } from './ui-files.ts';

export interface DoorsOptions {
  /** Absolute directory of the built UI. */
  readonly uiRoot: string;
  readonly host?: string;
  readonly port: number | null;
  readonly allowHosts?: readonly string[];
  readonly clock?: Clock;
}

export interface Doors {
  readonly http: HttpDoor;
  close(): Promise<void>;
}

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** @returns the file that names the running engine's HTTP address: {url, pid}, mode 0600 */
export function httpInfoFile(dataDir: string): string {
  return path.join(dataDir, 'http.json');
}

/**
 * @param engine owner of the data directory's lock
 * @throws the system's error when the port cannot be bound; nothing stays open then
 */
export async function openDoors(engine: Pick<Engine, 'paths' | 'fetch'>, options: DoorsOptions): Promise<Doors> {
  const { paths } = engine;
  const log = createDoorLog(paths.engineLog);
  const fetch = (request: Request) => engine.fetch(request);
  const port = keptPort(paths.dir);
  const http = await openHttpDoor({
    fetch,
    log,
    host: options.host,
    port: options.port,
    lastPort: port.last(),
    allowHosts: options.allowHosts,
    uiFiles: createUiFiles(options.uiRoot),
    desk: createLoginDesk(sessionFile(paths.dir), options.clock ?? systemClock),
  });
  port.keep(http.port);
  try {
    const socket = await openSocketDoor({ fetch, log, socketPath: paths.socket, loginUrl: () => http.loginUrl() });
    const infoFile = httpInfoFile(paths.dir);
    writePrivateFile(infoFile, JSON.stringify({ url: http.url, pid: process.pid }));
    return {
      http,
      async close() {
        fs.rmSync(infoFile, { force: true });
        await Promise.all([http.close(), socket.close()]);
      },
    };
  } catch (error) {
    await http.close();
    throw error;
  }
}
