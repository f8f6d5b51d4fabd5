/**
 * The desktop entry: what happens in which order. Each step has its own file in desktop/.
 *
 * Nothing here waits at the top level: Electron becomes ready only after this module has been evaluated.
 */
import os from 'node:os';
import path from 'node:path';
import { app } from 'electron';
import { SwitchyardError } from './contract/errors.ts';
import { handleAppScheme, registerAppScheme } from './desktop/app-scheme.ts';
import { HIDDEN_FLAG } from './desktop/autostart-entry.ts';
import { openEngineLink } from './desktop/engine-link.ts';
import { createEngineMirror } from './desktop/engine-mirror.ts';
import { startEngineProcess } from './desktop/engine-process.ts';
import { denyCertificateErrors, guardPages, guardSession } from './desktop/guards.ts';
import { keepAwakeWhileRunning } from './desktop/keep-awake.ts';
import { claimSingleInstance, endInOrder, endOnFault, showFatal } from './desktop/life.ts';
import { followLoginSetting } from './desktop/login-item.ts';
import { setMenu } from './desktop/menu.ts';
import { answerMessages } from './desktop/messages.ts';
import { notifyOnFinish } from './desktop/notifications.ts';
import { followTheme } from './desktop/theme.ts';
import { createTray } from './desktop/tray.ts';
import { createMainWindow, type MainWindow } from './desktop/window.ts';
import { createDoorLog } from './doors/door-log.ts';
import { readEnvironment } from './doors/launch-environment.ts';
import { createUiFiles } from './doors/ui-files.ts';

const launch = readEnvironment(process.env);
const log = createDoorLog(launch.paths.engineLog);
const root = app.getAppPath();
// Packaged, they lie outside the archive: trials and other programs read them as files.
const resourcesDir = app.isPackaged ? path.join(process.resourcesPath, 'resources') : path.join(root, 'resources');
const icon = (name: string) => path.join(resourcesDir, 'icons', name);
let mainWindow: MainWindow | null = null;

// Before the application is ready.
// It would take the switch back: root has no sandbox, nor has an AppImage on a system without user namespaces, whose start script
// adds the switch. What the page may do is limited all the same.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
registerAppScheme();
// Chromium's own files, and with them the single-instance lock, belong to the data directory.
if (!app.commandLine.hasSwitch('user-data-dir')) app.setPath('userData', path.join(launch.paths.dir, 'desktop'));
if (claimSingleInstance(() => mainWindow?.show())) {
  endOnFault(log);
  guardPages();
  denyCertificateErrors();
  app.whenReady().then(start).catch(failed);
} else {
  app.quit();
}

function start(): void {
  guardSession();
  setMenu(process.platform, !app.isPackaged);
  const engine = openEngineLink({
    ready: Promise.resolve(),
    startProcess: () =>
      startEngineProcess(
        path.join(root, 'out', 'main', 'engine-process.js'),
        { version: app.getVersion(), resourcesDir },
        definedOnly(process.env),
      ),
    paths: launch.paths,
    log,
  });
  engine.failed.catch(failed);
  handleAppScheme({
    fetch: (request) => engine.fetch(request),
    uiFiles: createUiFiles(path.join(root, 'out', 'renderer')),
    log,
  });
  const mirror = createEngineMirror(engine, log);
  const ending = endInOrder(async () => {
    mirror.close();
    await engine.close();
  }, log);
  const quit = () => app.quit();
  const window = createMainWindow(
    {
      preload: path.join(root, 'out', 'preload', 'preload.cjs'),
      icon: icon('app/256x256.png'),
      isDevelopment: !app.isPackaged,
      quit,
      closeFacts: () => ({
        closeToTray: mirror.settings().closeToTray,
        isQuitting: ending.isQuitting(),
        hasTray: true,
      }),
    },
    process.argv.includes(HIDDEN_FLAG),
  );
  mainWindow = window;
  answerMessages(() => window.current());
  app.on('activate', () => window.show());
  createTray({
    mirror,
    icons: { idle: icon('tray-idle.png'), busy: icon('tray-busy.png') },
    open: () => window.show(),
    quit,
  });
  notifyOnFinish(mirror, () => window.show());
  keepAwakeWhileRunning(mirror);
  followTheme(mirror);
  followLoginSetting(mirror, { env: process.env, home: os.homedir(), platform: process.platform, log });
  void engine.stopRequested.then(quit);
}

/** Without an engine there is nothing to show: says why, and ends. */
function failed(error: unknown): void {
  log('the application cannot go on', error);
  const remedy = error instanceof SwitchyardError ? error.remedy : undefined;
  showFatal(
    'Switchyard cannot go on',
    [error instanceof Error ? error.message : String(error), remedy].filter((line) => line !== undefined).join('\n\n'),
  );
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
