/** The messages the page can send to the main process. There is one. */
import os from 'node:os';
import path from 'node:path';
import { dialog, ipcMain, type BrowserWindow } from 'electron';
import { isTrustedSender } from './sender-policy.ts';
import { PICK_FOLDER } from './channels.ts';

/** @param window the window the dialog belongs to, at the time of the call */
export function answerMessages(window: () => BrowserWindow | null): void {
  ipcMain.handle(PICK_FOLDER, async (event, near: unknown): Promise<string | null> => {
    if (!isTrustedSender(event.senderFrame)) throw new Error('refused');
    const parent = window();
    const options = {
      title: 'Choose the directory of the experiment',
      properties: ['openDirectory'],
      // Without one, the dialog opens where downloads go.
      defaultPath: typeof near === 'string' && path.isAbsolute(near) ? near : os.homedir(),
    } satisfies Electron.OpenDialogOptions;
    const result =
      parent === null ? await dialog.showOpenDialog(options) : await dialog.showOpenDialog(parent, options);
    return result.canceled ? null : (result.filePaths[0] ?? null);
  });
}
