/** The messages the page can send to the main process. There is one. */
import { dialog, ipcMain, type BrowserWindow } from 'electron';
import { isTrustedSender } from './sender-policy.ts';
import { PICK_FOLDER } from './channels.ts';

/** @param window the window the dialog belongs to, at the time of the call */
export function answerMessages(window: () => BrowserWindow | null): void {
  ipcMain.handle(PICK_FOLDER, async (event): Promise<string | null> => {
    if (!isTrustedSender(event.senderFrame)) throw new Error('refused');
    const parent = window();
    const options = {
      title: 'Choose the directory of the experiment',
      properties: ['openDirectory'],
    } satisfies Electron.OpenDialogOptions;
    const result =
      parent === null ? await dialog.showOpenDialog(options) : await dialog.showOpenDialog(parent, options);
    return result.canceled ? null : (result.filePaths[0] ?? null);
  });
}
