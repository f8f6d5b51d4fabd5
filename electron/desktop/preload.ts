/** What the page gets from the desktop, and nothing more: built into one CommonJS file, as a sandboxed preload must be. */
import { contextBridge, ipcRenderer } from 'electron';
import { INSTALLED_FLAG, PICK_FOLDER } from './channels.ts';

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
});
