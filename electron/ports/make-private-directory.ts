/** A directory for its owner alone, with those above it. */
import path from 'node:path';

/** What of the file system it needs; node:fs has it. */
export interface DirectoryMaker {
  mkdirSync(dir: string, options: { readonly mode: number }): unknown;
  existsSync(file: string): boolean;
  statSync(file: string): { isDirectory(): boolean };
}

/**
 * mkdir's own recursion never ends where the file system has no room for new names and says so as "there is no such directory" (/proc,
 * network mounts): it makes the parent, which is there, and tries again.
 * @throws the system's error where it cannot be made, or something else has its name
 */
export function makePrivateDirectory(dir: string, fs: DirectoryMaker): void {
  try {
    fs.mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST' && fs.statSync(dir).isDirectory()) return;
    const parent = path.dirname(dir);
    if (code !== 'ENOENT' || fs.existsSync(parent)) throw error;
    makePrivateDirectory(parent, fs);
    fs.mkdirSync(dir, { mode: 0o700 });
  }
}
