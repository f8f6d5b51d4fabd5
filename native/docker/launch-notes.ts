/**
 * Three small notes in an attempt's state directory.
 *
 *   boot-id   in which boot it was launched
 *   claim     created once with O_EXCL: "start" by the launch that is about to start the container, or "absent" by a recovery that found
 *             none started. Who is second knows what the first decided, so an attempt given up never starts.
 *   asked     we asked it to stop, or killed it: an end by a signal is then not somebody else's doing
 */
import { access, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readBootId } from '../boot-id.ts';
import { codeOf } from './engine-error.ts';

const BOOT_FILE = 'boot-id';
const CLAIM_FILE = 'claim';
const ASKED_FILE = 'asked';
export const NOTE_FILES = [BOOT_FILE, CLAIM_FILE, ASKED_FILE] as const;

export type Claim = 'start' | 'absent';

export async function noteBoot(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await writeFile(path.join(stateDir, BOOT_FILE), readBootId(), { mode: 0o600 });
}

/** @returns true when the machine was started again since the launch */
export async function wasRebooted(stateDir: string): Promise<boolean> {
  return readFile(path.join(stateDir, BOOT_FILE), 'utf8').then(
    (text) => text !== '' && text !== readBootId(),
    () => false,
  );
}

/** Before the signal: whoever finds the end must find this. An attempt that has no state any more needs no note. */
export async function noteAsked(stateDir: string): Promise<void> {
  await writeFile(path.join(stateDir, ASKED_FILE), '', { mode: 0o600 }).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

export async function wasAsked(stateDir: string): Promise<boolean> {
  return access(path.join(stateDir, ASKED_FILE)).then(
    () => true,
    () => false,
  );
}

/** @returns what is decided from now on, and whether this call decided it */
export async function claim(
  stateDir: string,
  wanted: Claim,
): Promise<{ readonly claim: Claim; readonly mine: boolean }> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  // The decision is in the name's existence and the first letter; a crash between both leaves it empty, which nobody has started from.
  try {
    const file = await open(path.join(stateDir, CLAIM_FILE), 'wx', 0o600);
    try {
      await file.writeFile(wanted);
    } finally {
      await file.close();
    }
    return { claim: wanted, mine: true };
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return { claim: (await readClaim(stateDir)) ?? 'absent', mine: false };
  }
}

/** @returns null when nothing is decided */
export async function readClaim(stateDir: string): Promise<Claim | null> {
  const text = await readFile(path.join(stateDir, CLAIM_FILE), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  return text === 'start' ? 'start' : 'absent';
}
