/** The connection to the container engine: found once, found again after it failed. Every call has a deadline. */
import http from 'node:http';
import https from 'node:https';
import type Dockerode from 'dockerode';
import { EngineDown, EngineTimeout, codeOf, isConnectionError } from './engine-error.ts';
import { listAddresses } from './find-engine.ts';
import type { EngineAddress, SearchPlace } from './find-engine.ts';

/** For calls that read or send a signal. */
export const QUICK_MS = 30_000;
/** For creating and removing: a slow disk under load. */
export const SLOW_MS = 120_000;
/** For starting: the GPU hook may load a driver first. */
export const START_MS = 300_000;
const PING_MS = 5_000;

const OTHER_ENGINE: Readonly<Record<string, string>> = {
  DOCKER_HOST: ' Or correct or unset DOCKER_HOST and restart Switchyard.',
  'the docker host given to Switchyard': ' Or give another address.',
};

export interface EngineConnection {
  /** @throws EngineDown */
  engine(): Promise<Dockerode>;
  /** Forgets the address, so that the next engine() searches again. */
  lost(): void;
  /** The address in use; null before one answered. */
  address(): EngineAddress | null;
  /** Runs one call; a broken connection is forgotten. @throws EngineDown, EngineTimeout, the engine's refusal */
  call<T>(deadlineMs: number, work: (engine: Dockerode) => Promise<T>): Promise<T>;
}

export function createConnection(place: SearchPlace): EngineConnection {
  let current: { readonly engine: Dockerode; readonly address: EngineAddress } | null = null;
  let searching: Promise<Dockerode> | null = null;

  async function search(): Promise<Dockerode> {
    const addresses = await listAddresses(place);
    let firstFailure: EngineDown | null = null;
    for (const address of addresses) {
      try {
        const engine = await openEngine(address);
        await withDeadline(PING_MS, engine.ping());
        current = { engine, address };
        return engine;
      } catch (error) {
        firstFailure ??= describeUnreachable(address, error, place.platform);
      }
    }
    throw (
      firstFailure ??
      new EngineDown(
        'No container engine was found on this machine.',
        'Install Docker Engine (https://docs.docker.com/engine/install/) and start it. Without it, trials run as plain processes.',
      )
    );
  }

  const connection: EngineConnection = {
    engine() {
      if (current !== null) return Promise.resolve(current.engine);
      searching ??= search().finally(() => {
        searching = null;
      });
      return searching;
    },
    lost() {
      current = null;
    },
    address: () => current?.address ?? null,
    async call(deadlineMs, work) {
      const engine = await connection.engine();
      try {
        return await withDeadline(deadlineMs, work(engine));
      } catch (error) {
        if (isConnectionError(error)) current = null;
        throw error;
      }
    },
  };
  return connection;
}

/**
 * One connection per request: a kept-alive one that the daemon closed would make it unknown whether a request was seen.
 * The library is large, and loaded only where there is an engine to talk to.
 */
async function openEngine(address: EngineAddress): Promise<Dockerode> {
  const { default: Docker } = await import('dockerode');
  const agent =
    address.tls === undefined ? new http.Agent({ keepAlive: false }) : new https.Agent({ keepAlive: false });
  // Every address field is given: the library would take a missing one from DOCKER_HOST.
  return new Docker({
    agent,
    socketPath: address.socketPath,
    host: address.host,
    port: address.port,
    protocol: address.tls === undefined ? 'http' : 'https',
    ca: address.tls?.ca,
    cert: address.tls?.cert,
    key: address.tls?.key,
    timeout: undefined,
  } as Dockerode.DockerOptions);
}

/** The client library never settles when the daemon dies in the middle of an answer. */
async function withDeadline<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new EngineTimeout(`The container engine did not answer within ${Math.round(deadlineMs / 1000)} s.`));
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What chose the address is where a wrong one is mended. */
function where({ text, origin }: EngineAddress): string {
  return origin === 'default socket' ? text : `${text} (from ${origin})`;
}

function describeUnreachable(address: EngineAddress, error: unknown, platform: NodeJS.Platform): EngineDown {
  const start =
    platform === 'linux'
      ? 'Start it: sudo systemctl start docker (and: sudo systemctl enable docker)'
      : 'Start Docker Desktop.';
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return new EngineDown(
        `This user may not use the Docker socket ${where(address)}.`,
        'Run: sudo usermod -aG docker $USER — then log out and in again and restart Switchyard.',
      );
    case 'ENOENT':
      return new EngineDown(
        `There is no Docker socket at ${where(address)}.`,
        address.origin === 'default socket'
          ? start
          : `${start}${OTHER_ENGINE[address.origin] ?? ' Or choose another engine: docker context use default'}`,
      );
    case 'ECONNREFUSED':
      return new EngineDown(`The Docker daemon behind ${where(address)} is not running.`, start);
    case 'ENGINE_TIMEOUT':
      return new EngineDown(
        `The Docker daemon behind ${where(address)} does not answer.`,
        platform === 'linux'
          ? 'Look at: sudo journalctl -u docker — and restart it: sudo systemctl restart docker'
          : 'Restart Docker Desktop.',
      );
    default:
      return new EngineDown(
        `The Docker daemon behind ${where(address)} cannot be reached: ${error instanceof Error ? error.message : 'unknown error'}`,
        start,
      );
  }
}
