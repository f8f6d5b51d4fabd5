/** Opens a directory of a trial in the system's file manager; nothing in a browser, which has none. */
import { IconFolderOpen } from '@tabler/icons-react';
import { shell } from '../api/shell.ts';
import { IconButton } from '../ui/button.tsx';
import { toastDone, toastError } from './toasts.tsx';

export interface ShowInFilesProps {
  readonly trialId: number;
  /** Which directory, or the id of a checkpoint. */
  readonly place: 'workDir' | 'outputDir' | 'checkpointDir' | number;
  /** Names it for those who do not see it: "outputs". */
  readonly what: string;
}

export function ShowInFiles({ trialId, place, what }: ShowInFilesProps) {
  const { showInFiles } = shell;
  if (showInFiles === undefined) return null;
  const show = (): void =>
    void showInFiles(trialId, place).then((isThere) => {
      if (!isThere) toastDone(`The ${what} of #${trialId} cannot be shown: nothing is there.`);
    }, toastError);
  return (
    <IconButton label={`Show the ${what} in files`} onClick={show}>
      <IconFolderOpen size={13} aria-hidden="true" />
    </IconButton>
  );
}
