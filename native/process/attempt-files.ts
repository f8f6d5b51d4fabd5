/**
 * The files of one attempt in its state directory: reading and taking the claim, finding the exit. See supervisor.ts.
 * Reads are synchronous: the files are tiny, local and just written.
 * The program is the same user and may put anything in their place: no link is followed, no pipe is waited for. Permissions it took
 * away are given back; what cannot be read even so throws, and the caller goes by the processes alone.
 */
import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, readSync, readdirSync } from 'node:fs';
import { mkdir, open, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ABSENT_CLAIM, CLAIM_FILE, exitCodeOfName, parseClaim } from './supervisor.ts';
import type { Claim } from './supervisor.ts';

/** A supervisor writes its claim within microseconds of creating it; one that is still empty after this long never will. */
const CLAIM_WRITE_DEADLINE_MS = 1_000;

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** @returns the claim, 'none' when nobody has it, 'unwritten' when its owner died before it could write who it is */
export async function readClaim(stateDir: string): Promise<Claim | 'none' | 'unwritten'> {
  const deadline = performance.now() + CLAIM_WRITE_DEADLINE_MS;
  for (;;) {
    let text: string;
    try {
      text = withAccess(stateDir, () => readSmallFile(path.join(stateDir, CLAIM_FILE)));
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'none';
      throw error;
    }
    const claim = parseClaim(text);
    if (claim !== null) return claim;
    if (performance.now() > deadline) return 'unwritten';
    await delay(5);
  }
}

/** Takes the claim so that no supervisor can ever have it. @returns false when somebody was first */
export async function claimAsAbsent(stateDir: string): Promise<boolean> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  try {
    const file = await open(path.join(stateDir, CLAIM_FILE), 'wx', 0o600);
    try {
      await file.writeFile(ABSENT_CLAIM);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** @returns exit code and end of the program, or null while there is none */
export function readExit(stateDir: string): { readonly exitCode: number; readonly endedAtMs: number } | null {
  try {
    return withAccess(stateDir, () => {
      for (const name of readdirSync(stateDir)) {
        const exitCode = exitCodeOfName(name);
        if (exitCode !== null) return { exitCode, endedAtMs: Math.round(lstatSync(path.join(stateDir, name)).mtimeMs) };
      }
      return null;
    });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Runs `look`, and again with the permissions of our own directory given back where they were taken away. */
function withAccess<T>(stateDir: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error;
    giveBack(stateDir, 0o700);
    giveBack(path.join(stateDir, CLAIM_FILE), 0o600);
    return look();
  }
}

/** Changes nothing where nothing is missing: somebody may be listening for changes in order to look. */
function giveBack(file: string, mode: number): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found !== undefined && (found.isDirectory() || found.isFile()) && (found.mode & mode) !== mode)
    chmodSync(file, mode);
}

const MAX_FILE_BYTES = 4096;

/** @throws the system's error; for something else than a plain file as well */
function readSmallFile(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${file} is not a file any more`);
    const buffer = Buffer.alloc(MAX_FILE_BYTES);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, MAX_FILE_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Removes what this runtime put there, and the directory if nothing else is in it. */
export async function removeAttemptFiles(stateDir: string): Promise<void> {
  let names: string[];
  try {
    if (!lstatSync(stateDir).isDirectory()) return;
    names = withAccess(stateDir, () => readdirSync(stateDir));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return;
    throw error;
  }
  for (const name of names) {
    if (name === CLAIM_FILE || exitCodeOfName(name) !== null)
      await unlink(path.join(stateDir, name)).catch(ignoreMissing);
  }
  await rmdir(stateDir).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  });
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}
