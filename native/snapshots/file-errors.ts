/** What the file system says about a directory that is to be frozen, as errors for people. */
import { constants } from 'node:fs';
import { access, lstat, realpath, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { SwitchyardError } from '../../electron/contract/errors.ts';

/** What a trial made may be submitted again; the rest of the data directory holds the key, the database and other trials. */
const OWN_FILES_OF_A_TRIAL = /^trials\/\d+\/(work|output|checkpoints)(\/|$)/;

/** proc, sysfs, cgroup, debugfs: reading them has no end, and may wait for ever. */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x9f_a0, 0x62_65_65_72, 0x63_67_72_70, 0x64_62_67_20]);
/** What reading may answer for reasons that lie in the directory and not in us; the later ones come from shares and odd file systems. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EIO',
  'ESRCH',
  'EINVAL',
  'ENXIO',
  'ENODEV',
  'ESTALE',
  'ENOTCONN',
  'ETIMEDOUT',
]);

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');

/**
 * @param dataDir where the engine keeps its data
 * @returns the directory's path without "." and ".."
 * @throws SwitchyardError directory_relative, directory_missing, directory_unreadable, snapshot_refused
 */
export async function checkSource(sourceDir: string, dataDir: string): Promise<string> {
  if (!path.isAbsolute(sourceDir)) {
    throw new SwitchyardError('directory_relative', `${sourceDir} is not an absolute path.`, {
      path: 'source.path',
      remedy: 'Give the full path of the directory.',
    });
  }
  const dir = path.resolve(sourceDir);
  await checkDirectory(dir);
  const within = path.relative(await orItself(dataDir), await orItself(dir));
  if (!within.startsWith('..') && !path.isAbsolute(within) && !OWN_FILES_OF_A_TRIAL.test(within)) {
    throw new SwitchyardError(
      'snapshot_refused',
      `${dir} is where Switchyard keeps its own data: its key, its database and the files of all trials.`,
      { path: 'source.path', remedy: 'Submit the directory that holds your code.' },
    );
  }
  return dir;
}

const orItself = (dir: string): Promise<string> => realpath(dir).catch(() => path.resolve(dir));

async function checkDirectory(sourceDir: string): Promise<void> {
  try {
    if ((await stat(sourceDir)).isDirectory()) {
      if (!KERNEL_FILE_SYSTEMS.has((await statfs(sourceDir)).type)) return;
      throw new SwitchyardError(
        'directory_unreadable',
        `${sourceDir} shows the state of the system, not files: there is nothing to freeze.`,
        { path: 'source.path', remedy: 'Name the directory that holds the code.' },
      );
    }
  } catch (error) {
    if (error instanceof SwitchyardError) throw error;
    if (UNREADABLE.has(codeOf(error) ?? '')) throw unreadable(sourceDir, '', error);
    throw new SwitchyardError('directory_missing', `There is no directory ${sourceDir} on this machine.`, {
      path: 'source.path',
      remedy: 'Check the path; it must exist where the engine runs.',
    });
  }
  throw new SwitchyardError('directory_missing', `${sourceDir} is not a directory.`, {
    path: 'source.path',
    remedy: 'Name the directory that holds the code.',
  });
}

/** Names the file that could not be read instead of an errno. @param at relative to the source; '' = the source itself */
export async function orUnreadable<T>(sourceDir: string, at: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (UNREADABLE.has(codeOf(error) ?? '')) throw unreadable(sourceDir, at, error);
    throw error;
  }
}

function unreadable(sourceDir: string, at: string, error: unknown): SwitchyardError {
  const what = at === '' ? sourceDir : `${at} in ${sourceDir}`;
  return new SwitchyardError(
    'directory_unreadable',
    `${what} cannot be read (${codeOf(error) ?? 'unknown error'}), so the snapshot would not be complete.`,
    {
      path: 'source.path',
      remedy:
        at === ''
          ? 'Check its permissions.'
          : 'Check its permissions, or list it in .switchyardignore if the trial does not need it.',
    },
  );
}

/** A file became shorter between the look at its size and the reading of it. */
export const changedMeanwhile = (sourceDir: string, at: string): SwitchyardError =>
  new SwitchyardError(
    'directory_unreadable',
    `${at} in ${sourceDir} changed while it was read, so the snapshot would not be complete.`,
    {
      path: 'source.path',
      remedy: 'Submit again when nothing writes to it, or list it in .switchyardignore if the trial does not need it.',
    },
  );

/** @throws SwitchyardError disk_full in place of the system's word for it; anything else as it is */
export function explainFullDisk(error: unknown, sourceDir: string, size: string): never {
  if (!isDiskFull(error)) throw error;
  throw new SwitchyardError('disk_full', `There was no space left for the snapshot of ${sourceDir} (${size}).`, {
    remedy: 'Free some disk space; deleting old trials helps.',
  });
}

/**
 * Looked at only after something failed: recursive mkdir, for one, says ENOENT of a disk that is read-only.
 * @returns that snapshots cannot be kept in this directory, where that is the reason; else the error as it is
 */
export async function explainUnwritable(error: unknown, snapshotsDir: string): Promise<unknown> {
  if (error instanceof SwitchyardError) return error;
  try {
    await access(snapshotsDir, constants.W_OK | constants.X_OK);
    return error;
  } catch (denied) {
    const why = codeOf(denied) ?? 'unknown error';
    return new SwitchyardError(
      'snapshots_unwritable',
      `The directory cannot be frozen: ${snapshotsDir}, where snapshots are kept, cannot be written (${why}).`,
      {
        remedy:
          'Check owner and permissions of that directory, and that its disk is not mounted read-only. --in-place runs without a copy.',
      },
    );
  }
}

export async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
