/** Where Switchyard keeps its data, and the names of the files in it. Looks nothing up on the disk. */
import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

export interface DataPaths {
  readonly dir: string;
  readonly database: string;
  readonly lock: string;
  /** Unix socket of the API (a named pipe on Windows). */
  readonly socket: string;
  readonly engineLog: string;
  readonly trials: string;
  readonly snapshots: string;
  /** Room that is given back when the disk is full. */
  readonly reserve: string;
  /** Copies of what trials need of the program (the Python helper, the starter), each in a directory named by its content. */
  readonly helpers: string;
}

/**
 * @param env process environment: SWITCHYARD_HOME wins, then the platform's usual place
 * @returns the absolute data directory
 */
export function resolveDataDir(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  const own = env['SWITCHYARD_HOME'];
  if (own !== undefined && own !== '') return path.resolve(own);
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Switchyard');
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'Switchyard');
  const xdg = env['XDG_DATA_HOME'];
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'share'), 'switchyard');
}

/** sun_path holds 108 bytes on Linux and 104 on macOS; a longer path cannot be bound. */
const MAX_SOCKET_PATH = 100;

/** @param runtimeDir a private directory for a socket whose path in `dir` would be too long */
export function dataPaths(dir: string, platform: NodeJS.Platform, runtimeDir: string): DataPaths {
  let socket = path.join(dir, 'engine.sock');
  if (platform === 'win32') socket = `\\\\.\\pipe\\switchyard-${keyOf(dir)}`;
  else if (Buffer.byteLength(socket) > MAX_SOCKET_PATH)
    socket = path.join(runtimeDir, `switchyard-${keyOf(dir)}`, 'engine.sock');
  return {
    dir,
    database: path.join(dir, 'switchyard.db'),
    lock: path.join(dir, 'engine.lock'),
    socket,
    engineLog: path.join(dir, 'engine.log'),
    trials: path.join(dir, 'trials'),
    snapshots: path.join(dir, 'snapshots'),
    reserve: path.join(dir, 'reserve'),
    helpers: path.join(dir, 'helpers'),
  };
}

function keyOf(dir: string): string {
  // Seldom needed, and loading it takes longer than all else that a short command does.
  const { createHash } = createRequire(import.meta.url)('node:crypto') as typeof Crypto;
  return createHash('sha256').update(dir).digest('hex').slice(0, 16);
}

/** @returns where the engine of this environment and this user keeps its data */
export function locateData(env: NodeJS.ProcessEnv): DataPaths {
  const dir = resolveDataDir(env, process.platform, os.homedir());
  return dataPaths(dir, process.platform, env['XDG_RUNTIME_DIR'] ?? os.tmpdir());
}
