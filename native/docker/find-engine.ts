/**
 * Where the container engine may be, in the order the docker command line uses: an explicit host, DOCKER_HOST, the current
 * docker context, then the usual sockets; Podman's Docker-compatible socket only where there is no other.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EngineDown } from './engine-error.ts';

export interface EngineAddress {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
  /** How people know it: "unix:///var/run/docker.sock". */
  readonly text: string;
  /** What chose it: "DOCKER_HOST", "docker context desktop-linux", "default socket". */
  readonly origin: string;
}

export interface SearchPlace {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Wins over everything else; null = search. */
  readonly dockerHost: string | null;
}

/**
 * @returns addresses to try in order; only the first one when the user chose it
 * @throws EngineDown when what the user chose cannot be used
 */
export async function listAddresses(place: SearchPlace): Promise<readonly EngineAddress[]> {
  const configDir = place.env['DOCKER_CONFIG'] ?? path.join(place.home, '.docker');
  if (place.dockerHost !== null)
    return [
      await parseHost(
        place.dockerHost,
        'the docker host given to Switchyard',
        place,
        emptyToNull(place.env['DOCKER_CERT_PATH']),
      ),
    ];
  const fromEnv = place.env['DOCKER_HOST'];
  if (fromEnv !== undefined && fromEnv !== '')
    return [await parseHost(fromEnv, 'DOCKER_HOST', place, emptyToNull(place.env['DOCKER_CERT_PATH']))];
  const context = await readContext(configDir, place);
  if (context !== null) return [context];
  const sockets = await Promise.all(
    usualSockets(place).map(async (socketPath) => ({ socketPath, exists: await isSocket(socketPath, place.platform) })),
  );
  const existing = sockets.filter((socket) => socket.exists).map(({ socketPath }) => socketPath);
  const own = existing.filter((socketPath) => !socketPath.includes('podman'));
  return (own.length > 0 ? own : existing).map((socketPath) => ({
    socketPath,
    text: `unix://${socketPath}`,
    origin: 'default socket',
  }));
}

function usualSockets({ env, home, platform }: SearchPlace): readonly string[] {
  if (platform === 'win32') return ['//./pipe/docker_engine'];
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  return [
    '/var/run/docker.sock',
    ...(runtimeDir === undefined ? [] : [path.join(runtimeDir, 'docker.sock')]),
    path.join(home, '.docker', 'desktop', 'docker.sock'),
    path.join(home, '.docker', 'run', 'docker.sock'),
    path.join(home, '.orbstack', 'run', 'docker.sock'),
    path.join(home, '.colima', 'default', 'docker.sock'),
    ...(runtimeDir === undefined ? [] : [path.join(runtimeDir, 'podman', 'podman.sock')]),
    '/run/podman/podman.sock',
  ];
}

async function isSocket(socketPath: string, platform: NodeJS.Platform): Promise<boolean> {
  return stat(socketPath).then(
    (found) => platform === 'win32' || found.isSocket(),
    () => false,
  );
}

/** The current docker context (docs.docker.com, "Docker contexts"): config.json names it, contexts/meta/<sha256 of name>/meta.json describes it. */
async function readContext(configDir: string, place: SearchPlace): Promise<EngineAddress | null> {
  const fromEnv = place.env['DOCKER_CONTEXT'];
  const name =
    fromEnv !== undefined && fromEnv !== ''
      ? fromEnv
      : textAt(await readJson(path.join(configDir, 'config.json')), 'currentContext');
  if (name === null || name === '' || name === 'default') return null;
  const key = createHash('sha256').update(name).digest('hex');
  const host = textAt(
    await readJson(path.join(configDir, 'contexts', 'meta', key, 'meta.json')),
    'Endpoints',
    'docker',
    'Host',
  );
  if (host === null) {
    const isEnv = fromEnv !== undefined && fromEnv !== '';
    throw new EngineDown(
      `The docker context "${name}" is chosen${isEnv ? ' by DOCKER_CONTEXT' : ''}, but its description is missing.`,
      isEnv
        ? 'Unset DOCKER_CONTEXT, or set it to one of those that docker context ls shows; then restart Switchyard.'
        : 'Run: docker context use default',
    );
  }
  return parseHost(host, `docker context ${name}`, place, path.join(configDir, 'contexts', 'tls', key, 'docker'));
}

async function parseHost(
  text: string,
  origin: string,
  place: SearchPlace,
  certDir: string | null,
): Promise<EngineAddress> {
  if (text.startsWith('unix://') || text.startsWith('/')) {
    const socketPath = text.startsWith('/') ? text : text.slice('unix://'.length);
    if (path.isAbsolute(socketPath)) return { socketPath, text: `unix://${socketPath}`, origin };
  }
  if (text.startsWith('npipe://')) return { socketPath: text.slice('npipe://'.length), text, origin };
  const match = /^(?:tcp|http|https):\/\/(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::(\d{1,5}))?\/?$/.exec(
    text,
  );
  if (match === null) {
    if (/^(?:tcp|http|https|ssh):\/\//.test(text)) {
      throw new EngineDown(
        `${origin} points to an engine on another machine (${withoutUser(text)}). It sees neither this machine's files nor its GPUs.`,
        originRemedy(origin),
      );
    }
    throw new EngineDown(
      `${origin} is not an address of a container engine.`,
      'It should look like unix:///var/run/docker.sock',
    );
  }
  // As the docker command line: TLS when it is asked for, or when it is told where the certificates are.
  const secure =
    text.startsWith('https') ||
    match[2] === '2376' ||
    (place.env['DOCKER_TLS_VERIFY'] ?? '') !== '' ||
    (origin === 'DOCKER_HOST' && certDir !== null);
  const address = {
    host: (match[1] ?? '').replace(/[[\]]/g, ''),
    port: Number(match[2] ?? (secure ? 2376 : 2375)),
    text,
    origin,
  };
  if (!secure) return address;
  const dir = certDir ?? path.join(place.home, '.docker');
  try {
    const [ca, cert, key] = await Promise.all(
      ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(path.join(dir, name))),
    );
    if (ca === undefined || cert === undefined || key === undefined) throw new Error('incomplete');
    return { ...address, tls: { ca, cert, key } };
  } catch {
    throw new EngineDown(
      `${origin} asks for TLS, but ca.pem, cert.pem and key.pem cannot be read in ${dir}.`,
      'Set DOCKER_CERT_PATH to the directory that holds them.',
    );
  }
}

function originRemedy(origin: string): string {
  if (origin === 'DOCKER_HOST') return 'Use the engine of this machine: unset DOCKER_HOST, then restart Switchyard.';
  return origin.startsWith('docker context')
    ? 'Use the engine of this machine: docker context use default'
    : 'Give the address of the engine of this machine, for example unix:///var/run/docker.sock';
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//');
}

export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

/** @returns the text at a path of keys in parsed JSON, or null */
export function textAt(value: unknown, ...keys: readonly string[]): string | null {
  let at = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null) return null;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return typeof at === 'string' ? at : null;
}

/** An empty variable means what a missing one does. */
function emptyToNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
