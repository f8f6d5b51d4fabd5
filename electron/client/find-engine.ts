/**
 * Finds the engine that owns a data directory, through its lock file and its socket, and waits for one that is just starting:
 * it holds the lock before it listens.
 */
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataPaths } from '../ports/data-dir.ts';

const ASK_EVERY_MS = 20;
/** A socket of this machine takes or refuses at once. */
const CONNECT_TIMEOUT_MS = 2_000;

/** @returns the socket of a running engine, or null. A socket file that nobody listens on is none. */
export async function findSocket(paths: Pick<DataPaths, 'lock' | 'socket'>): Promise<string | null> {
  const locked = readLockedSocket(paths.lock);
  for (const socket of new Set(locked === null ? [paths.socket] : [locked, paths.socket])) {
    if (await isListening(socket)) return socket;
  }
  return null;
}

/**
 * @param patienceMs how long to wait for a socket that listens; 0 = look once
 * @param isInVain looked at between two attempts: true ends the wait early
 * @returns the socket, or null when none listened in time
 */
export async function waitForSocket(
  paths: Pick<DataPaths, 'lock' | 'socket'>,
  patienceMs: number,
  isInVain: () => boolean = () => false,
): Promise<string | null> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const socket = await findSocket(paths);
    if (socket !== null) return socket;
    if (isInVain() || performance.now() >= deadline) return null;
    await delay(ASK_EVERY_MS);
  }
}

/** Something accepts connections there. */
function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => settle(false));
  });
}

/** @returns which version owns the data directory and since when; null = nobody says so */
export function readOwnerVersion(lockPath: string): { readonly version: string; readonly startedAtMs: number } | null {
  const { version, startedAtMs } = readLock(lockPath);
  return typeof version === 'string' && typeof startedAtMs === 'number' ? { version, startedAtMs } : null;
}

/** The lock names the socket, which lies elsewhere when the data directory's path is too long for one. */
function readLockedSocket(lockPath: string): string | null {
  const { socket } = readLock(lockPath);
  return typeof socket === 'string' && socket !== '' ? socket : null;
}

function readLock(lockPath: string): {
  readonly socket?: unknown;
  readonly version?: unknown;
  readonly startedAtMs?: unknown;
} {
  try {
    const lock: unknown = JSON.parse(fs.readFileSync(lockPath, 'utf8'));
    return typeof lock === 'object' && lock !== null ? { ...lock } : {};
  } catch {
    return {};
  }
}
