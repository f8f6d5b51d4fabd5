/** Looks for what engines left behind on the machine (Linux). */
import { readFileSync, readdirSync } from 'node:fs';

export interface TrialProcess {
  readonly pid: number;
  readonly attemptId: string;
  readonly command: string;
}

/** @returns living processes of attempts of the engine that works, or worked, on this data directory */
export function listTrialProcesses(dataDir: string): TrialProcess[] {
  const found: TrialProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      const valueOf = (variable: string): string | null =>
        variables.find((entry) => entry.startsWith(`${variable}=`))?.slice(variable.length + 1) ?? null;
      const attemptId = valueOf('SWITCHYARD_ATTEMPT_ID');
      if (attemptId === null || valueOf('SWITCHYARD_OUTPUT_DIR')?.startsWith(`${dataDir}/`) !== true) continue;
      found.push({
        pid: Number(name),
        attemptId,
        command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      });
    } catch {
      // It ended meanwhile, or belongs to another user.
    }
  }
  return found;
}

/** @returns living processes that carry the id of an attempt */
export function listProcessesOf(attemptId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, 'utf8'));
        const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        return !isZombie && variables.includes(`SWITCHYARD_ATTEMPT_ID=${attemptId}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Tests that cannot listen for an event (a file another program writes, /proc) look again at this pace. */
const LOOK_EVERY_MS = 20;

/**
 * @param look called until it gives something else than undefined or false
 * @throws Error naming `what` after the deadline
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
  }
}
