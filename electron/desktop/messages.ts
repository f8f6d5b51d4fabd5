/** The messages the page can send to the main process. */
import os from 'node:os';
import path from 'node:path';
import fs from 'node:fs';
import { dialog, ipcMain, shell, type BrowserWindow } from 'electron';
import { API_PREFIX } from '../contract/api-prefix.ts';
import type { TrialDetail } from '../contract/trials.ts';
import { isTrustedSender } from './sender-policy.ts';
import { CHECK_FOR_UPDATES, PICK_FOLDER, SHOW_IN_FILES } from './channels.ts';
import { placeOf } from './place-policy.ts';

export interface MessageParts {
  /** The window a dialog belongs to, at the time of the call. */
  readonly window: () => BrowserWindow | null;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly checkForUpdates: () => void;
}

export function answerMessages({ window, fetch, checkForUpdates }: MessageParts): void {
  ipcMain.handle(SHOW_IN_FILES, async (event, trialId: unknown, place: unknown): Promise<boolean> => {
    if (!isTrustedSender(event.senderFrame)) throw new Error('refused');
    if (!Number.isSafeInteger(trialId)) throw new Error('refused');
    const answer = await fetch(new Request(`http://localhost${API_PREFIX}/trials/${String(trialId)}`));
    if (!answer.ok) return false;
    // The page says which; where that is, the engine says.
    const file = placeOf((await answer.json()) as TrialDetail, place);
    if (file === null || !path.isAbsolute(file) || !fs.existsSync(file)) return false;
    shell.showItemInFolder(file);
    return true;
  });
  ipcMain.handle(CHECK_FOR_UPDATES, (event): void => {
    if (!isTrustedSender(event.senderFrame)) throw new Error('refused');
    checkForUpdates();
  });
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
