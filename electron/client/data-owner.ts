/**
 * Whose a data directory is. An engine, its queue and its trials belong to one user: its socket and its files are for nobody else, and
 * trials run as whoever runs the engine. A second user of a machine has an engine of his own.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { userNameIn } from '../text/passwd.ts';

/**
 * @param uid who asks; root may use everybody's
 * @returns the name of the other user the directory belongs to; null = it is ours, or not there yet, or that cannot be told
 */
export function findOtherOwner(dir: string, uid: number | undefined = process.getuid?.()): string | null {
  if (uid === undefined || uid === 0) return null;
  for (let at = dir; ; at = path.dirname(at)) {
    try {
      const { uid: owner } = statSync(at);
      return owner === uid || owner === 0 ? null : nameOf(owner);
    } catch (error) {
      // Nobody may look into a private home: then it is a parent that tells whose it is.
      if ((error as NodeJS.ErrnoException).code !== 'EACCES' || path.dirname(at) === at) return null;
    }
  }
}

/** @returns what it means, and what to do, for the one who is not the owner */
export function sayOtherOwner(dir: string, owner: string): readonly [message: string, remedy: string] {
  return [
    `The data directory ${dir} belongs to ${owner}: an engine with its queue and its trials is one user's, and no other can use it.`,
    'Use an engine of your own: leave SWITCHYARD_HOME unset, or set it to a directory of yours. Each of the two sees what the other ' +
      'has on the GPUs and starts nothing there.',
  ];
}

function nameOf(uid: number): string {
  try {
    const name = userNameIn(readFileSync('/etc/passwd', 'utf8'), uid);
    if (name !== null) return name;
  } catch {
    // Its number says it as well.
  }
  return `another user (${uid})`;
}
