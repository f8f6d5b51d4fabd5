/**
 * The door for trials: metrics, progress and checkpoints over HTTP, with the per-trial token the engine checks itself.
 * It listens on 127.0.0.1 for trials that are processes and on the Docker bridge's address for containers (which cannot
 * reach the host's 127.0.0.1), and serves nothing else.
 */
import type { AddressInfo } from 'node:net';
import { boundRequest } from './bounded-body.ts';
import { startListener, type DoorLog, type Listener } from './listener.ts';
import { problemResponse } from './problem-response.ts';

export interface TrialDoorOptions {
  readonly trialFetch: (request: Request) => Promise<Response>;
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
  async function listen(host: string, wanted: number): Promise<string> {
    let own = '';
    const start = (port: number): Promise<Listener> =>
      startListener({ host, port }, (request) => answerTrial(request, own, options), options.log);
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

async function answerTrial(request: Request, ownHost: string, options: TrialDoorOptions): Promise<Response> {
  // No browser has business here: a page that guesses the port sends an Origin or a foreign Host.
  if (
    request.headers.get('host') !== ownHost ||
    request.headers.has('origin') ||
    request.headers.has('sec-fetch-site')
  ) {
    return problemResponse('forbidden', 'This address only serves running trials.');
  }
  const bounded = await boundRequest(request);
  return bounded instanceof Response ? bounded : options.trialFetch(bounded);
}
