/** Keeps the hashes of browser sessions in a private file of the data directory. */
import fs from 'node:fs';
import path from 'node:path';
import { z } from '@hono/zod-openapi';
import { writePrivateFile } from './private-file.ts';
import type { SessionStore } from './login-desk.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Sessions = z.array(z.object({ hash: Hash, pageHash: Hash, usedAtMs: z.number() }));

/** @param dataDir absolute; the file in it is browser-sessions.json, mode 0600 */
export function sessionFile(dataDir: string): SessionStore {
  const file = path.join(dataDir, 'browser-sessions.json');
  return {
    load() {
      try {
        const parsed = Sessions.safeParse(JSON.parse(fs.readFileSync(file, 'utf8')));
        return parsed.success ? parsed.data : [];
      } catch {
        // Missing, damaged or of before there were page keys: every browser signs in again, which costs one click.
        return [];
      }
    },
    save(sessions) {
      writePrivateFile(file, JSON.stringify(sessions));
    },
  };
}
