/**
 * The engine the window shows: one in this process, or one that already owns the data directory and is reached through
 * its socket. A window on a foreign engine never ends it.
 */
import { waitForSocket } from '../client/find-engine.ts';
import { followFeed } from '../client/follow-feed.ts';
import { createSocketFetch } from '../client/socket-fetch.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { EngineStart, LaunchEnvironment } from '../doors/launch-environment.ts';
import type { EngineStartOptions } from '../ports/engine-api.ts';
import type { DoorLog } from '../doors/listener.ts';
import { openSocketDoor } from '../doors/socket-door.ts';
import type { Engine } from '../ports/engine-api.ts';
import type { WatchedEngine } from './engine-mirror.ts';

export interface EngineLink extends WatchedEngine {
  /** Settles when the engine of this process was asked to stop through its API; never for a foreign one. */
  readonly stopRequested: Promise<void>;
  /** Ends the engine of this process; only lets go of a foreign one. */
  close(): Promise<void>;
}

/** How long an owner that is just starting may take to open its socket. */
const OWNER_PATIENCE_MS = 15_000;

/** @throws SwitchyardError when neither an engine can be started nor the owner answers */
export async function openEngineLink(
  startEngine: EngineStart,
  launch: LaunchEnvironment,
  program: Pick<EngineStartOptions, 'version' | 'resourcesDir'>,
  log: DoorLog,
): Promise<EngineLink> {
  try {
    return await linkOwn(await startEngine({ ...launch.engine, ...program, shell: 'desktop' }), log);
  } catch (error) {
    if (!(error instanceof SwitchyardError) || error.code !== 'data_dir_locked') throw error;
    const socket = await waitForSocket(launch.paths, OWNER_PATIENCE_MS);
    if (socket === null) throw error;
    const fetch = createSocketFetch(socket);
    return {
      fetch,
      subscribe: (onFrame, onConnection) => followFeed({ fetch, onFrame, onConnection }),
      stopRequested: new Promise(() => {}),
      close: async () => {},
    };
  }
}

async function linkOwn(engine: Engine, log: DoorLog): Promise<EngineLink> {
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
