/**
 * A file that came with the program, as trials get it: a copy in the data directory, named by the hash of its content.
 *
 * The one that came with the program may lie where no container can reach it (the mount of an AppImage, which belongs to one user
 * alone) and go with the program while trials that it started run on. A new version gets a directory of its own; what runs keeps
 * the one it was started with, so nothing is ever removed here (some KiB for each version that was ever used).
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @param source the file that came with the program
 * @param keptDir below it the copies lie; made when missing
 * @param name of the copy
 * @param mode its permissions
 * @returns the directory that holds exactly this file
 * @throws the system's error when the file is missing or cannot be written
 */
export function keepFile(source: string, keptDir: string, name: string, mode: number): string {
  const content = readFileSync(source);
  const dir = path.join(keptDir, hashOf(content));
  const file = path.join(dir, name);
  // Read again and not only looked for: a full disk may have left a part of it, and trials could write there.
  if (read(file)?.equals(content) === true) return dir;
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, content, { mode });
  // Whatever the umask says: the user of a container may be another one.
  chmodSync(dir, 0o755);
  chmodSync(aside, mode);
  renameSync(aside, file);
  return dir;
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}
