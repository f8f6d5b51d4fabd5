/** Two ends that have less to do with the program than with where it ran, recognised by its last words. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import type { SnapshotInfo } from '../../contract/snapshots.ts';

export interface EndPlaces {
  /** Its working copy on the host, and as it saw it. */
  readonly work: string;
  readonly seenWork: string;
  /** The directory it is a copy of. */
  readonly sourceDir: string;
  readonly leftOut: SnapshotInfo['leftOut'];
}

const NO_TERMINAL =
  /EOFError: EOF when reading a line|Inappropriate ioctl for device|the input device is not a TTY|stdin: is not a tty/i;
/** As Python, Node, and the tools of a shell say it; the last one counts. */
const NO_FILE = new RegExp(
  [
    String.raw`No such file or directory: b?(['"])(?<python>.+?)\1`,
    String.raw`ENOENT: no such file or directory, \w+ '(?<node>.+?)'`,
    String.raw`: (?:cannot (?:open|access|stat) )?['‘]?(?<tool>[^\s:'‘’]+)['’]?: No such file or directory`,
  ].join('|'),
  'g',
);

/**
 * @param tail the end of the log
 * @param places null where it worked in no copy
 * @returns what to do about it; null = nothing is known
 */
export function explainEnd(tail: string, places: EndPlaces | null): string | null {
  if (NO_TERMINAL.test(tail))
    return 'It asked a question, but a trial has no terminal and nobody to answer: give the answer as a flag or a variable, or on its input (echo yes | …).';
  if (places === null) return null;
  const last = [...tail.matchAll(NO_FILE)].at(-1)?.groups;
  const named = last?.['python'] ?? last?.['node'] ?? last?.['tool'];
  return named === undefined ? null : explainMissing(named, places);
}

function explainMissing(named: string, { work, seenWork, sourceDir, leftOut }: EndPlaces): string | null {
  const seen = path.resolve(seenWork, named);
  const at = path.relative(seenWork, seen);
  if (at === '') return null;
  const original = path.resolve(sourceDir, at);
  // An absolute path elsewhere means the same everywhere.
  const isOutside = at === '..' || at.startsWith('../');
  if ((isOutside && path.isAbsolute(named)) || !isThere(original)) return null;
  if (isOutside)
    return (
      `${original} is outside of ${sourceDir}, of which the trial runs a copy elsewhere. ` +
      `Name it by its absolute path, or submit with --link ${original} to show it there.`
    );
  if (isThere(path.join(work, at))) return null;
  const rule = leftOut.find((one) => at === one.path || (one.path.endsWith('/') && `${at}/`.startsWith(one.path)));
  const link = rule?.path.replace(/\/$/, '') ?? firstMissing(work, at);
  return (
    `${sourceDir} has ${at}, but the copy the trial runs in has not${rule === undefined ? '' : ` (left out: ${rule.rule})`}. ` +
    `Submit with --link ${/^[\w@%+=:,./-]+$/.test(link) ? link : `'${link.replaceAll("'", `'\\''`)}'`} to show it there.`
  );
}

/** The uppermost part of a path that the copy does not have. */
function firstMissing(work: string, at: string): string {
  const names = at.split('/');
  const depth = names.findIndex((_, index) => !isThere(path.join(work, ...names.slice(0, index + 1))));
  return names.slice(0, depth + 1).join('/');
}

function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
