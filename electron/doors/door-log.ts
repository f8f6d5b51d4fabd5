/** Appends to the engine's log from outside the engine: what a door or an entry could not handle. Lines are NDJSON as pino writes them. */
import fs from 'node:fs';
import type { DoorLog } from './listener.ts';

const LEVEL_ERROR = 50;

/** @param file the engine's log; written synchronously, because the process may be about to end */
export function createDoorLog(file: string): DoorLog {
  return (message, error) => {
    const known =
      error instanceof Error
        ? { type: error.name, message: error.message, stack: error.stack }
        : { message: String(error) };
    try {
      fs.appendFileSync(
        file,
        `${JSON.stringify({ level: LEVEL_ERROR, time: Date.now(), pid: process.pid, name: 'doors', msg: message, err: known })}\n`,
        { mode: 0o600 },
      );
    } catch {
      // A full disk must not turn one failed request into a dead engine.
    }
  };
}
