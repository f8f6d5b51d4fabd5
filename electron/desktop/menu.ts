/** The application menu: what the platform expects and the shortcuts of text fields; everything else is in the page. */
import { Menu, type MenuItemConstructorOptions } from 'electron';

export interface MenuOptions {
  readonly platform: NodeJS.Platform;
  readonly isDevelopment: boolean;
  /** Asks first where something would be left waiting. */
  readonly quit: () => void;
  readonly showDocumentation: () => void;
  /** Offers to install or remove the command line; null where that is not this program's to do. */
  readonly askForCommandLine: (() => void) | null;
  readonly checkForUpdates: () => void;
}

export function setMenu(options: MenuOptions): void {
  const { platform, isDevelopment, quit, showDocumentation, askForCommandLine, checkForUpdates } = options;
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ];
  if (isDevelopment) view.push({ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      platform === 'darwin'
        ? { role: 'appMenu' }
        : {
            label: 'File',
            submenu: [{ role: 'close' }, { label: 'Quit', accelerator: 'CommandOrControl+Q', click: quit }],
          },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
      {
        role: 'help',
        submenu: [
          { label: 'Documentation', click: showDocumentation },
          ...(askForCommandLine === null ? [] : [{ label: 'Command line…', click: askForCommandLine }]),
          { label: 'Check for updates…', click: checkForUpdates },
          { type: 'separator' },
          { role: 'about' },
        ],
      },
    ]),
  );
}
