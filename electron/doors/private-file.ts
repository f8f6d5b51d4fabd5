/** Writes a file only its owner may read, whole or not at all. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';

/** @param file absolute path; an old one is replaced in one step, and a symbolic link in its place is not followed */
export function writePrivateFile(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    fs.writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}
