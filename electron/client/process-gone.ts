/** Whether a process has ended, as far as this machine can tell. */
import fs from 'node:fs';

/** @returns also true for one that has ended and that nobody collected: it holds nothing any more */
export function isProcessGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, of somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    // No such file system here, or it went away just now: the next look tells.
    return false;
  }
}
