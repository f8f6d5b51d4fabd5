/**
 * The first process of a container (resources/container/entry.c): it takes the program's output into the log file itself, asks the
 * program alone to stop, and notes how it ended where no daemon can lose it.
 *
 * Three files are mounted below /switchyard: the entry, the attempt's log, and the note. The note is made before the container with as
 * many bytes as it will ever have, so that it can be written on a full disk.
 */
import { constants } from 'node:fs';
import { chown, copyFile, mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchMount, LaunchSpec } from '../../electron/ports/trial-runtime.ts';
import { OWN_DIR } from './container-paths.ts';
import { codeOf } from './engine-error.ts';

export const ENTRY_PATH = `${OWN_DIR}/entry`;
const ENTRY_FILE = 'entry';
const END_FILE = 'end';
export const ENTRY_FILES = [ENTRY_FILE, `${ENTRY_FILE}.tmp`, END_FILE] as const;
/** As in entry.c. */
const RECORD_BYTES = 128;
/** What the entry returns when the container is started a second time, or finds its files unusable. */
export const REFUSED_CODE = 125;

/** What the entry noted. `waiting`: it has not run, or only now begins. */
export type EntryNote =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'started' }
  | {
      readonly kind: 'ended';
      /** The program's own; 128 + n for signal n. */
      readonly exitCode: number;
      /** A signal to stop came from outside of the container. */
      readonly asked: boolean;
      /** Output that found no space, bytes; the log says where. */
      readonly missingBytes: number;
      readonly endedAtMs: number;
    };

/**
 * @param entryDir directory of the entries by processor
 * @param architecture as the engine names it: "x86_64", "aarch64"
 * @returns the mounts of the entry; null when there is none for this processor
 */
export async function prepareEntry(
  entryDir: string,
  architecture: string,
  spec: Pick<LaunchSpec, 'logPath' | 'stateDir' | 'user'>,
): Promise<readonly LaunchMount[] | null> {
  const program = path.join(spec.stateDir, ENTRY_FILE);
  const end = path.join(spec.stateDir, END_FILE);
  await mkdir(spec.stateDir, { recursive: true, mode: 0o700 });
  await mkdir(path.dirname(spec.logPath), { recursive: true, mode: 0o700 });
  try {
    // A copy: what lies in an application's image, or on a disk of its own, is nothing a daemon can always mount.
    // Renamed into place: a container that is up already has the old one.
    await copyFile(path.join(entryDir, `entry-${architecture}`), `${program}.tmp`);
    await rename(`${program}.tmp`, program);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  await Promise.all([
    makeFor(spec.user, end, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, ' '.repeat(RECORD_BYTES)),
    makeFor(spec.user, spec.logPath, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, ''),
  ]);
  const own = (hostPath: string, name: string, readOnly: boolean): LaunchMount => ({
    hostPath,
    containerPath: `${OWN_DIR}/${name}`,
    readOnly,
    role: 'own',
  });
  return [own(program, 'entry', true), own(spec.logPath, 'log', false), own(end, 'end', false)];
}

/** A file that the trial's user may write; one that is there already is left as it is. */
async function makeFor(user: LaunchSpec['user'], file: string, flags: number, text: string): Promise<void> {
  try {
    const handle = await open(file, flags | constants.O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  if (process.getuid?.() === 0 && user.uid !== 0) await chown(file, user.uid, user.gid);
}

/** @returns null for an attempt without an entry. The trial can write to the note too: it is read for no more than it says. */
export async function readEntryNote(stateDir: string): Promise<EntryNote | null> {
  try {
    const file = await open(path.join(stateDir, END_FILE), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(RECORD_BYTES), 0, RECORD_BYTES, 0);
      return parseEntryNote(buffer.toString('latin1', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Pure. */
export function parseEntryNote(text: string): EntryNote {
  const ended = /^ended code=(\d{1,3}) asked=([01]) missing=(\d{1,15}) at=(\d{1,15})\s*$/.exec(text);
  if (ended === null) return { kind: text.startsWith('started') ? 'started' : 'waiting' };
  return {
    kind: 'ended',
    exitCode: Number(ended[1]),
    asked: ended[2] === '1',
    missingBytes: Number(ended[3]),
    endedAtMs: Number(ended[4]),
  };
}
