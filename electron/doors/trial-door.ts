/**
 * The door for trials: metrics, progress and checkpoints over HTTP, with the per-trial token the engine checks itself.
 * It listens on 127.0.0.1 for trials that are processes and on the Docker bridge's address for containers (which cannot
 * reach the host's 127.0.0.1), and serves nothing else.
 */
import type { AddressInfo } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { networkInterfaces } from 'node:os';
import { boundRequest } from './bounded-body.ts';
import { startListener, type DoorLog, type Listener } from './listener.ts';
import { problemResponse } from './problem-response.ts';

export interface TrialDoorOptions {
  readonly trialFetch: (request: Request) => Promise<Response>;
  readonly log: DoorLog;
  /** Replaces the look-up of the machine's network interfaces. */
  readonly interfaces?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
}

export interface TrialDoor {
  /** For example http://127.0.0.1:40123 (no slash at the end): what a trial that is a process puts before its path. */
  readonly processBaseUrl: string;
  /** The same for containers; null while the machine has no Docker bridge. Binds on first use: Docker may start after the engine. */
  containerBaseUrl(): Promise<string | null>;
  close(): Promise<void>;
}

/** @returns the host's IPv4 address on Docker's default bridge, or null */
export function dockerBridgeAddress(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string | null {
  return interfaces['docker0']?.find((address) => address.family === 'IPv4')?.address ?? null;
}

/** Starts the door on a free port of 127.0.0.1. */
export async function openTrialDoor(options: TrialDoorOptions): Promise<TrialDoor> {
  const listeners: Listener[] = [];
  async function listen(host: string): Promise<string> {
    let own = '';
    const listener = await startListener(
      { host, port: 0 },
      (request) => answerTrial(request, own, options),
      options.log,
    );
    listeners.push(listener);
    own = `${host}:${(listener.server.address() as AddressInfo).port}`;
    return `http://${own}`;
  }
  const processBaseUrl = await listen('127.0.0.1');
  let onBridge: { readonly address: string; readonly url: Promise<string | null> } | null = null;
  return {
    processBaseUrl,
    async containerBaseUrl() {
      const address = dockerBridgeAddress((options.interfaces ?? networkInterfaces)());
      if (address === null) return null;
      if (onBridge?.address !== address) {
        onBridge = {
          address,
          url: listen(address).catch((error: unknown) => {
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
