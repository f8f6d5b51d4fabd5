/**
 * Remembers the port browsers know, so that the next start takes it again: open tabs, bookmarks and SSH tunnels go on, however the engine
 * ended. A file that is gone or damaged only means that the usual port is tried.
 */
import fs from 'node:fs';
import path from 'node:path';
import { writePrivateFile } from './private-file.ts';

export interface KeptPort {
  /** @returns the port there was last, or null */
  last(): number | null;
  /** Never throws: a full disk must not keep the door shut. */
  keep(port: number): void;
}

/** @param dataDir absolute; the file in it is http-port, mode 0600 */
export function keptPort(dataDir: string): KeptPort {
  const file = path.join(dataDir, 'http-port');
  const last = (): number | null => {
    try {
      const text = fs.readFileSync(file, 'utf8').trim();
      return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536 ? Number(text) : null;
    } catch {
      return null;
    }
  };
  return {
    last,
    keep(port) {
      if (last() === port) return;
      try {
        writePrivateFile(file, `${port}\n`);
      } catch {
        // The next start takes another port at worst.
      }
    },
  };
}
