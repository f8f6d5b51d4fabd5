/**
 * The unix socket door for the command line and for a desktop window on top of a headless engine.
 * Whoever can open the socket is the user: the file is 0600 in a directory of 0700, so there is no further check.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { SwitchyardError } from '../contract/errors.ts';
import { API_PREFIX } from '../contract/api-prefix.ts';
import { boundRequest } from './bounded-body.ts';
import { startListener, type DoorLog } from './listener.ts';
import { problemResponse } from './problem-response.ts';

export interface SocketDoorOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Absolute path (a pipe name on Windows). The caller owns the engine's lock: an old socket file there is a left-over. */
  readonly socketPath: string;
  /** Makes a one-time URL for a browser; null where there is no HTTP door. */
  readonly loginUrl: (() => string) | null;
  readonly log: DoorLog;
}

export interface SocketDoor {
  close(): Promise<void>;
}

/** @throws SwitchyardError when the socket's directory belongs to somebody else; the system's error when it cannot be bound */
export async function openSocketDoor(options: SocketDoorOptions): Promise<SocketDoor> {
  const isPipe = process.platform === 'win32';
  if (!isPipe) {
    await ensurePrivateDirectory(path.dirname(options.socketPath));
    await fs.rm(options.socketPath, { force: true });
  }
  // Binding happens inside the call, so the mask covers exactly the creation of the socket file.
  const mask = process.umask(0o177);
  const starting = startListener({ path: options.socketPath }, (request) => answerOwner(request, options), options.log);
  process.umask(mask);
  const listener = await starting;
  if (!isPipe) await fs.chmod(options.socketPath, 0o600);
  return { close: () => listener.close() };
}

async function answerOwner(request: Request, options: SocketDoorOptions): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith(`${API_PREFIX}/`)) return problemResponse('not_found', 'There is no such address here.');
  if (pathname === `${API_PREFIX}/login-links`) {
    if (request.method !== 'POST')
      return problemResponse('invalid_request', 'A login link is made with POST.', {
        status: 405,
        headers: { allow: 'POST' },
      });
    if (options.loginUrl === null) {
      return problemResponse('illegal_state', 'Switchyard runs as the desktop app, which serves no browser.', {
        remedy: 'Use its window, or quit it and run `switchyard serve`.',
      });
    }
    return Response.json({ url: options.loginUrl() }, { status: 201, headers: { 'cache-control': 'no-store' } });
  }
  const bounded = await boundRequest(request);
  return bounded instanceof Response ? bounded : options.fetch(bounded);
}

async function ensurePrivateDirectory(directory: string): Promise<void> {
  await fs.mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await fs.lstat(directory);
  // In a shared place such as /tmp somebody else could have made it first.
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new SwitchyardError(
      'forbidden',
      `${directory} does not belong to you, so Switchyard will not put its socket there.`,
      { remedy: 'Set SWITCHYARD_HOME to a directory of your own.' },
    );
  }
  if ((found.mode & 0o077) !== 0) await fs.chmod(directory, 0o700);
}
