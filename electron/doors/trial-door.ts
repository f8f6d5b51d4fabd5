/**
 * The door for trials: metrics, progress and checkpoints over HTTP, with the token of an attempt. It listens on 127.0.0.1 for trials
 * that are processes and on the Docker bridge's address for containers (which cannot reach the host's 127.0.0.1), and serves nothing else.
 *
 * Every user of the machine and every container reaches it, so a request shows its token before any of its body is read, and
 * of those that did only so many are read at once.
 */
import type { AddressInfo } from 'node:net';
import { boundRequest } from './bounded-body.ts';
import { startListener, type DoorLog, type Listener } from './listener.ts';
import { problemResponse } from './problem-response.ts';

/** Each may be as large as MAX_BODY_BYTES; a container without a memory limit of its own must not fill ours. */
const MAX_READ_AT_ONCE = 8;

export interface TrialDoorOptions {
  readonly trialFetch: (request: Request) => Promise<Response>;
  /** Whether the request carries a good token. Reads no body. */
  readonly admits: (request: Request) => boolean;
  readonly log: DoorLog;
  /** The port it had last: trials that run on from then still ask there. Another is taken where somebody has it. */
  readonly lastPort: number | null;
}

export interface TrialDoor {
  /** For example http://127.0.0.1:40123 (no slash at the end): what a trial that is a process puts before its path. */
  readonly processBaseUrl: string;
  readonly port: number;
  /**
   * The same for containers. Binds on first use: Docker may start after the engine.
   * @param address of this machine as containers reach it, from their engine; null = they do not
   */
  containerBaseUrl(address: string | null): Promise<string | null>;
  close(): Promise<void>;
}

/** Starts the door on 127.0.0.1. */
export async function openTrialDoor(options: TrialDoorOptions): Promise<TrialDoor> {
  const listeners: Listener[] = [];
  const places = createPlaces(MAX_READ_AT_ONCE);
  async function listen(host: string, wanted: number): Promise<string> {
    let own = '';
    const start = (port: number): Promise<Listener> =>
      startListener(
        { host, port },
        (request, _incoming, prove) => answerTrial({ request, prove }, own, options, places),
        options.log,
      );
    const listener = await start(wanted).catch((error: unknown) => {
      if (wanted === 0 || (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') throw error;
      return start(0);
    });
    listeners.push(listener);
    own = `${host}:${(listener.server.address() as AddressInfo).port}`;
    return `http://${own}`;
  }
  const processBaseUrl = await listen('127.0.0.1', options.lastPort ?? 0);
  const port = Number(new URL(processBaseUrl).port);
  let onBridge: { readonly address: string; readonly url: Promise<string | null> } | null = null;
  return {
    processBaseUrl,
    port,
    async containerBaseUrl(address) {
      if (address === null) return null;
      if (onBridge?.address !== address) {
        onBridge = {
          address,
          url: listen(address, port).catch((error: unknown) => {
            options.log('the trial door could not listen on the Docker bridge', error);
            onBridge = null;
            return null;
          }),
        };
      }
      return onBridge.url;
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

async function answerTrial(
  { request, prove }: { readonly request: Request; readonly prove: () => void },
  ownHost: string,
  options: TrialDoorOptions,
  places: Places,
): Promise<Response> {
  // No browser has business here: a page that guesses the port sends an Origin or a foreign Host.
  if (
    request.headers.get('host') !== ownHost ||
    request.headers.has('origin') ||
    request.headers.has('sec-fetch-site')
  ) {
    return problemResponse('forbidden', 'This address only serves running trials.', { headers: CLOSE });
  }
  if (!options.admits(request))
    return problemResponse('unauthenticated', 'This token does not belong to a running attempt of this trial.', {
      remedy: "Use SWITCHYARD_API and SWITCHYARD_TOKEN from the trial's environment.",
      headers: CLOSE,
    });
  prove();
  const bounded = await places.hold(() => boundRequest(request));
  return bounded instanceof Response ? bounded : options.trialFetch(bounded);
}

/** What was sent after the headers is not read, so the connection cannot be used again. */
const CLOSE = { connection: 'close' };

interface Places {
  /** Runs the work when a place is free, in the order asked. */
  hold<T>(work: () => Promise<T>): Promise<T>;
}

function createPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async hold(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
