/** Where this program lies, and which version of it this is. */
import fs from 'node:fs';
import path from 'node:path';

/** This file lies two folders below it, as a source (electron/client/) and built (out/cli/, out/engine/). */
export const PROGRAM_ROOT = path.resolve(import.meta.dirname, '..', '..');

/** @returns the version of what is installed; package.json is the one place that says it */
export function readVersion(): string {
  const { version } = JSON.parse(fs.readFileSync(path.join(PROGRAM_ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
