/** Credentials for a registry as `docker login` left them. They are passed to the engine with a pull and go nowhere else. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { SearchPlace } from './find-engine.ts';
import { readJson, textAt } from './find-engine.ts';

const HELPER_TIMEOUT_MS = 10_000;
const HUB_KEY = 'https://index.docker.io/v1/';
/** Names under which people and programs know Docker Hub. */
const HUB_HOSTS: ReadonlySet<string> = new Set(['index.docker.io', 'docker.io', 'registry-1.docker.io']);
/** The user name by which a helper says that the secret is a token and no password. */
const TOKEN_USER = '<token>';

/** As the engine takes it with a pull. */
export type RegistryAuth =
  | { readonly username: string; readonly password: string; readonly serveraddress: string }
  | { readonly identitytoken: string; readonly serveraddress: string }
  | { readonly registrytoken: string; readonly serveraddress: string };

/**
 * In the order of the docker command line: DOCKER_AUTH_CONFIG, the helper of this registry or of all, then what is written in config.json.
 * @param registry host and port; Docker Hub is index.docker.io
 * @returns null when nobody logged in there, or what is stored cannot be read: the pull is then anonymous, as with docker pull
 */
export async function readRegistryAuth(registry: string, place: SearchPlace): Promise<RegistryAuth | null> {
  const fromEnv = parseJson(place.env['DOCKER_AUTH_CONFIG'] ?? '');
  const config = await readJson(
    path.join(place.env['DOCKER_CONFIG'] ?? path.join(place.home, '.docker'), 'config.json'),
  );
  const key = HUB_HOSTS.has(registry) ? HUB_KEY : registry;
  const helper = textAt(config, 'credHelpers', registry) ?? textAt(config, 'credsStore');
  const asked = (name: string): Promise<RegistryAuth | null> =>
    /^[A-Za-z0-9_.-]+$/.test(name) ? askHelper(name, key, place.env) : Promise.resolve(null);
  return (
    findStoredAuth(fromEnv, registry) ??
    (helper === null ? null : await asked(helper)) ??
    // A helper that is not installed, or knows nothing: what was stored before it was set up still counts.
    findStoredAuth(config, registry)
  );
}

/** Pure. @param config parsed config.json @returns its entry for the registry, under any of the names docker gives it */
export function findStoredAuth(config: unknown, registry: string): RegistryAuth | null {
  const entries = (config as { readonly auths?: unknown } | null)?.auths;
  if (typeof entries !== 'object' || entries === null) return null;
  const serveraddress = HUB_HOSTS.has(registry) ? HUB_KEY : registry;
  const names = Object.keys(entries).filter((name) => sameRegistry(hostOf(name), registry));
  // The plain name before addresses with a scheme or a path.
  names.sort((a, b) => Number(b === serveraddress) - Number(a === serveraddress) || a.length - b.length);
  for (const name of names) {
    const found = readEntry((entries as Readonly<Record<string, unknown>>)[name], serveraddress);
    if (found !== null) return found;
  }
  return null;
}

/** "https://host:5000/v2/" -> "host:5000" */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
}

function sameRegistry(host: string, registry: string): boolean {
  return host === registry || (HUB_HOSTS.has(host) && HUB_HOSTS.has(registry));
}

function readEntry(entry: unknown, serveraddress: string): RegistryAuth | null {
  const registrytoken = textAt(entry, 'registrytoken') ?? '';
  if (registrytoken !== '') return { registrytoken, serveraddress };
  const identitytoken = textAt(entry, 'identitytoken') ?? '';
  if (identitytoken !== '') return { identitytoken, serveraddress };
  const text = Buffer.from(textAt(entry, 'auth') ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  // Old versions of docker pad the password with zero bytes.
  if (colon > 0) return toAuth(text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, ''), serveraddress);
  const username = textAt(entry, 'username') ?? '';
  return username === '' ? null : toAuth(username, textAt(entry, 'password') ?? '', serveraddress);
}

function toAuth(username: string, secret: string, serveraddress: string): RegistryAuth {
  return username === TOKEN_USER
    ? { identitytoken: secret, serveraddress }
    : { username, password: secret, serveraddress };
}

/** The protocol of docker/docker-credential-helpers: `docker-credential-<name> get`, the server on stdin, JSON on stdout. */
function askHelper(name: string, server: string, env: NodeJS.ProcessEnv): Promise<RegistryAuth | null> {
  return new Promise((resolve) => {
    const child = spawn(`docker-credential-${name}`, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_TIMEOUT_MS,
      env,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', () => {
      resolve(null);
    });
    child.stdin.once('error', () => undefined);
    child.once('close', (exitCode) => {
      const answer = exitCode === 0 ? parseJson(output) : null;
      const username = textAt(answer, 'Username') ?? '';
      const secret = textAt(answer, 'Secret') ?? '';
      resolve(username === '' || secret === '' ? null : toAuth(username, secret, server));
    });
    child.stdin.end(server);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
