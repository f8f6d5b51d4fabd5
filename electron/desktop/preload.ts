/** What the page gets from the desktop, and nothing more: built into one CommonJS file, as a sandboxed preload must be. */
import { contextBridge, ipcRenderer } from 'electron';
import { PICK_FOLDER } from './channels.ts';

contextBridge.exposeInMainWorld('switchyardShell', {
  kind: 'desktop',
  platform: process.platform,
  /** Opens the system's folder dialog. Resolves with an absolute path, or null when cancelled. */
  pickFolder: (): Promise<string | null> => ipcRenderer.invoke(PICK_FOLDER) as Promise<string | null>,
});
