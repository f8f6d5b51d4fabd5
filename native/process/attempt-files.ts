/**
 * The files of one attempt in its state directory: reading and taking the claim, finding the exit. See supervisor.ts.
 * Reads are synchronous: the files are tiny, local and just written.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdir, open, readdir, rmdir, unlink } from 'node:fs/promises';
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
      text = readFileSync(path.join(stateDir, CLAIM_FILE), 'utf8');
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
    for (const name of readdirSync(stateDir)) {
      const exitCode = exitCodeOfName(name);
      if (exitCode !== null) return { exitCode, endedAtMs: Math.round(statSync(path.join(stateDir, name)).mtimeMs) };
    }
    return null;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Removes what this runtime put there, and the directory if nothing else is in it. */
export async function removeAttemptFiles(stateDir: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(stateDir);
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
