/** A window on an engine of another version: said once, when it is found. */
import { dialog, type BrowserWindow } from 'electron';
import { readOwnerVersion } from '../client/find-engine.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import { sayOtherVersion } from '../text/other-version.ts';

/** @param own version of this program. Waits for nobody. */
export async function tellVersion(
  paths: Pick<DataPaths, 'lock'>,
  own: string,
  window: BrowserWindow | null,
): Promise<void> {
  const owner = readOwnerVersion(paths.lock);
  if (owner === null || owner.version === own) return;
  const box: Electron.MessageBoxOptions = {
    type: 'info',
    message: 'The engine is of another version',
    detail: sayOtherVersion('the window', own, owner.version, 'quit this window and start it again'),
    buttons: ['OK'],
  };
  await (window === null ? dialog.showMessageBox(box) : dialog.showMessageBox(window, box));
}
