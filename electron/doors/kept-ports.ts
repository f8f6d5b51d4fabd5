/**
 * Remembers the ports the doors had, so that the next start takes them again: open tabs, SSH tunnels and running trials know them.
 * A file of the data directory that is gone or damaged only means that a free port is taken.
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from '@hono/zod-openapi';
import { writePrivateFile } from './private-file.ts';

const Port = z.number().int().min(1).max(65_535);
const Ports = z.object({ browsers: Port.optional(), trials: Port.optional(), containers: Port.optional() });

export type DoorName = keyof z.infer<typeof Ports>;

export interface KeptPorts {
  /** @returns the port this door had last, or null */
  last(door: DoorName): number | null;
  /** Never throws: a full disk must not keep a door shut. */
  keep(door: DoorName, port: number): void;
}

/** @param dataDir absolute; the file in it is ports.json, mode 0600 */
export function keptPorts(dataDir: string): KeptPorts {
  const file = path.join(dataDir, 'ports.json');
  const read = (): z.infer<typeof Ports> => {
    try {
      const parsed = Ports.safeParse(JSON.parse(fs.readFileSync(file, 'utf8')));
      return parsed.success ? parsed.data : {};
    } catch {
      return {};
    }
  };
  return {
    last: (door) => read()[door] ?? null,
    keep(door, port) {
      const before = read();
      if (before[door] === port) return;
      try {
        writePrivateFile(file, JSON.stringify({ ...before, [door]: port }));
      } catch {
        // The port is free to be another one next time.
      }
    },
  };
}
