/** Credentials for a registry as `docker login` left them. They are passed to the engine with a pull and go nowhere else. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { SearchPlace } from './find-engine.ts';
import { readJson, textAt } from './find-engine.ts';

const HELPER_TIMEOUT_MS = 10_000;
const HUB_KEY = 'https://index.docker.io/v1/';

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** @returns null when nobody logged in there, or what is stored cannot be read: the pull is then anonymous, as with docker pull */
export async function readRegistryAuth(registry: string, place: SearchPlace): Promise<RegistryAuth | null> {
  const config = await readJson(
    path.join(place.env['DOCKER_CONFIG'] ?? path.join(place.home, '.docker'), 'config.json'),
  );
  const key = registry === 'index.docker.io' ? HUB_KEY : registry;
  const helper = textAt(config, 'credHelpers', registry) ?? textAt(config, 'credsStore');
  if (helper !== null) return /^[A-Za-z0-9_.-]+$/.test(helper) ? askHelper(helper, key) : null;
  const encoded = textAt(config, 'auths', key, 'auth') ?? textAt(config, 'auths', `https://${registry}`, 'auth');
  if (encoded === null) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1), serveraddress: key };
}

/** The protocol of docker/docker-credential-helpers: `docker-credential-<name> get`, the server on stdin, JSON on stdout. */
function askHelper(name: string, server: string): Promise<RegistryAuth | null> {
  return new Promise((resolve) => {
    const child = spawn(`docker-credential-${name}`, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_TIMEOUT_MS,
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
      resolve(exitCode === 0 ? parseHelperAnswer(output, server) : null);
    });
    child.stdin.end(server);
  });
}

function parseHelperAnswer(output: string, server: string): RegistryAuth | null {
  try {
    const answer: unknown = JSON.parse(output);
    const username = textAt(answer, 'Username');
    const password = textAt(answer, 'Secret');
    return username === null || password === null ? null : { username, password, serveraddress: server };
  } catch {
    return null;
  }
}
