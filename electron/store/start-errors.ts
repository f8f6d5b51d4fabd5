/** Why an engine could not start, where the operating system's words are not enough. Pure. */
import { SwitchyardError } from '../contract/errors.ts';

/** @returns a full disk, missing permissions and a file in the way as errors for people; anything else unchanged */
export function explainStartError(error: unknown, dataDir: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SwitchyardError(
      'disk_full',
      `Switchyard cannot start: the disk that holds ${dataDir} is full. Nothing was lost; running trials go on.`,
      { remedy: 'Free some space on that disk, then start it again.' },
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SwitchyardError(
      'forbidden',
      `Switchyard cannot start: it may not write to ${dataDir}. ${error instanceof Error ? error.message : ''}`.trim(),
      { remedy: 'Check owner and permissions of that directory, or choose another with SWITCHYARD_HOME.' },
    );
  }
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ERR_FS_EISDIR') {
    return new SwitchyardError(
      'forbidden',
      (
        `Switchyard cannot start: ${dataDir} cannot be its data directory, because something else is in the ` +
        `way. ${error instanceof Error ? error.message : ''}`
      ).trim(),
      { remedy: 'Move that away, or choose another directory with SWITCHYARD_HOME.' },
    );
  }
  if (code === 'ENOENT' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir') {
    return new SwitchyardError(
      'forbidden',
      `Switchyard cannot start: there is no place for a directory at ${dataDir}. ${error.message}`,
      { remedy: 'Choose a directory on a disk with SWITCHYARD_HOME.' },
    );
  }
  return error;
}
