/** The starter (resources/process/starter.c) for this machine, kept in the data directory: supervisors outlive the program it came with. */
import path from 'node:path';
import { keepFile } from '../host/keep-file.ts';

/** As the kernel names processors. */
const PROCESSORS: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'x86_64', arm64: 'aarch64' };
const NAME = 'starter';

/**
 * @param sourceDir holds the starters that came with the program
 * @param keptDir below it the copies lie
 * @returns the program; null where there is none for this system, or no copy can be made (supervisors are shells then)
 */
export function keepStarter(sourceDir: string, keptDir: string): string | null {
  const processor = PROCESSORS[process.arch];
  if (process.platform !== 'linux' || processor === undefined) return null;
  try {
    return path.join(keepFile(path.join(sourceDir, `starter-${processor}`), keptDir, NAME, 0o755), NAME);
  } catch {
    return null;
  }
}
