/**
 * The engine the window shows: one in this process, or one that already owns the data directory and is reached through
 * its socket. A window on a foreign engine never ends it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from '../contract/errors.ts';
import { API_PREFIX } from '../contract/routes.ts';
import { readFeed } from '../doors/feed-reader.ts';
import type { EngineStart, LaunchEnvironment } from '../doors/launch-environment.ts';
import type { EngineStartOptions } from '../ports/engine-api.ts';
import type { DoorLog } from '../doors/listener.ts';
import { createSocketFetch } from '../doors/socket-client.ts';
import { openSocketDoor } from '../doors/socket-door.ts';
import type { Engine } from '../ports/engine-api.ts';
import type { YardLink } from './yard-mirror.ts';

export interface Yard extends YardLink {
  /** Settles when the engine of this process was asked to stop through its API; never for a foreign one. */
  readonly stopRequested: Promise<void>;
  /** Ends the engine of this process; only lets go of a foreign one. */
  close(): Promise<void>;
}

/** How long an owner that is just starting may take to open its socket. */
const OWNER_PATIENCE_MS = 15_000;
const ASK_EVERY_MS = 100;

/** @throws SwitchyardError when neither an engine can be started nor the owner answers */
export async function openYard(
  startEngine: EngineStart,
  launch: LaunchEnvironment,
  program: Pick<EngineStartOptions, 'version' | 'resourcesDir'>,
  log: DoorLog,
): Promise<Yard> {
  try {
    return await ownYard(await startEngine({ ...launch.engine, ...program, shell: 'desktop' }), log);
  } catch (error) {
    if (!(error instanceof SwitchyardError) || error.code !== 'data_dir_locked') throw error;
    const fetch = createSocketFetch(launch.paths.socket);
    if (!(await answers(fetch))) throw error;
    return {
      fetch,
      subscribe: (onFrame, onConnection) => readFeed({ fetch, onFrame, onConnection }),
      stopRequested: new Promise(() => {}),
      close: async () => {},
    };
  }
}

async function ownYard(engine: Engine, log: DoorLog): Promise<Yard> {
  const fetch = (request: Request) => engine.fetch(request);
  try {
    // The command line comes in here; browsers do not, the window is the user interface.
    const door = await openSocketDoor({ fetch, socketPath: engine.paths.socket, loginUrl: null, log });
    return {
      fetch,
      subscribe(onFrame, onConnection) {
        const unsubscribe = engine.subscribe(onFrame);
        onConnection(true);
        return unsubscribe;
      },
      stopRequested: engine.stopRequested,
      async close() {
        await door.close();
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function answers(fetch: YardLink['fetch']): Promise<boolean> {
  const deadline = performance.now() + OWNER_PATIENCE_MS;
  for (;;) {
    const response = await fetch(new Request(`http://localhost${API_PREFIX}/health`)).catch(() => null);
    if (response?.ok === true) {
      await response.body?.cancel();
      return true;
    }
    if (performance.now() >= deadline) return false;
    await delay(ASK_EVERY_MS);
  }
}
