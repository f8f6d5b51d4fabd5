/** What the page gets from the desktop, and nothing more: built into one CommonJS file, as a sandboxed preload must be. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHECK_FOR_UPDATES, INSTALLED_FLAG, PICK_FOLDER, SHOW_IN_FILES, TELL_PAGE, type PageNews } from './channels.ts';

contextBridge.exposeInMainWorld('switchyardShell', {
  kind: 'desktop',
  platform: process.platform,
  /** Has a program file of its own that can be started at login. */
  isInstalled: process.argv.includes(INSTALLED_FLAG),
  /**
   * Opens the system's folder dialog. Resolves with an absolute path, or null when cancelled.
   * @param near where it opens; the home directory when it is not absolute
   */
  pickFolder: (near?: string): Promise<string | null> =>
    ipcRenderer.invoke(PICK_FOLDER, near) as Promise<string | null>,
  /**
   * Shows a directory of a trial in the system's file manager: its working copy, outputs, checkpoints, or the checkpoint of an id.
   * Resolves with false when it is not there any more.
   */
  showInFiles: (trialId: number, place: string | number): Promise<boolean> =>
    ipcRenderer.invoke(SHOW_IN_FILES, trialId, place) as Promise<boolean>,
  /** As the menu item does: everything is told and asked in dialogs. */
  checkForUpdates: (): Promise<void> => ipcRenderer.invoke(CHECK_FOR_UPDATES) as Promise<void>,
  /** @returns the path of a file or directory that was dropped on the page; empty for one that has none */
  pathOf: (file: File): string => webUtils.getPathForFile(file),
  onNews: (listener: (news: PageNews) => void): void => {
    ipcRenderer.on(TELL_PAGE, (_event, news: PageNews) => listener(news));
  },
});
