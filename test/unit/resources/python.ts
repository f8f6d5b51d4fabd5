/** The system's python3 for tests of what trials run; with CI=true it must be there. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

export const HELPER_DIR = path.resolve(import.meta.dirname, '../../../resources/python');
export const EXAMPLES_DIR = path.resolve(import.meta.dirname, '../../../resources/examples');

/** null = no python3 of 3.8 or newer on PATH; tests that need it are then skipped. */
export const pythonVersion: string | null = ((): string | null => {
  try {
    return execFileSync(
      'python3',
      ['-c', 'import sys; assert sys.version_info >= (3, 8); print(sys.version.split()[0])'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ).trim();
  } catch {
    if (process.env['CI'] === 'true') throw new Error('python3 (3.8 or newer) is not on PATH, and CI=true demands it');
    return null;
  }
})();
