/**
 * The desktop entry: what happens in which order. Each step has its own file in desktop/.
 *
 * Nothing here waits at the top level: Electron becomes ready only after this module has been evaluated.
 */
import os from 'node:os';
import fs from 'node:fs';
import path from 'node:path';
import { app, crashReporter, shell } from 'electron';
import { SwitchyardError } from './contract/errors.ts';
import { handleAppScheme, registerAppScheme } from './desktop/app-scheme.ts';
import { HIDDEN_FLAG } from './desktop/autostart-entry.ts';
import { createCommandLine } from './desktop/command-line.ts';
import { openEngineLink } from './desktop/engine-link.ts';
import { createEngineMirror } from './desktop/engine-mirror.ts';
import { startEngineProcess } from './desktop/engine-process.ts';
import { denyCertificateErrors, guardPages, guardSession } from './desktop/guards.ts';
import { keepAwakeWhileRunning } from './desktop/keep-awake.ts';
import { claimSingleInstance, endInOrder, endOnFault, showFatal } from './desktop/life.ts';
import { createLeave } from './desktop/leave.ts';
import { followLoginSetting } from './desktop/login-item.ts';
import { askLoginShell } from './desktop/login-shell.ts';
import { setMenu } from './desktop/menu.ts';
import { answerMessages } from './desktop/messages.ts';
import { lookAgainAfterSleep } from './desktop/resume.ts';
import { tellVersion } from './desktop/tell-version.ts';
import { notifyOnFinish } from './desktop/notifications.ts';
import { needsShell, withoutAppImage, withShell } from './desktop/own-environment.ts';
import { followTheme } from './desktop/theme.ts';
import { createTray } from './desktop/tray.ts';
import { trayImage } from './desktop/tray-image.ts';
import { hasTrayHost } from './desktop/tray-host.ts';
import { installationOf } from './desktop/update-policy.ts';
import { createUpdates, readPackageType } from './desktop/updates.ts';
import { openWindowMemory } from './desktop/window-memory.ts';
import { createMainWindow, type MainWindow } from './desktop/window.ts';
import { createDoorLog } from './doors/door-log.ts';
import { readEnvironment } from './doors/launch-environment.ts';
import { createUiFiles } from './doors/ui-files.ts';
import { makePrivateDirectory } from './ports/make-private-directory.ts';

// Before anything reads it: what we start is for the user's system, not for the AppImage we may come from.
const startedWith: NodeJS.ProcessEnv = { ...process.env };
applyEnvironment(withoutAppImage(startedWith));
const launch = readEnvironment(process.env);
const log = createDoorLog(launch.paths.engineLog);
const root = app.getAppPath();
// Packaged, they lie outside the archive: trials and other programs read them as files.
const resourcesDir = app.isPackaged ? path.join(process.resourcesPath, 'resources') : path.join(root, 'resources');
const icon = (name: string) => path.join(resourcesDir, 'icons', name);
const profileDir = path.join(launch.paths.dir, 'desktop');
const memory = openWindowMemory(path.join(profileDir, 'window.json'));
let mainWindow: MainWindow | null = null;

// Before the application is ready.
// It would take the switch back: root has no sandbox, nor has an AppImage on a system without user namespaces, whose start script
// adds the switch. What the page may do is limited all the same.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
registerAppScheme();
// Windows groups windows and notifications by it; untried there.
if (process.platform === 'win32') app.setAppUserModelId('org.switchyard.desktop');
// The GPUs are for the trials: a window that draws on one holds hundreds of MiB of it.
if (!memory.get().usesGpu) app.disableHardwareAcceleration();
// Chromium's own files, and with them the single-instance lock, belong to the data directory.
if (!app.commandLine.hasSwitch('user-data-dir')) {
  makePrivateDirectory(profileDir, fs);
  app.setPath('userData', profileDir);
}
// Dumps of crashed processes stay on this machine, for whoever reports the fault.
crashReporter.start({ uploadToServer: false });
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
  const engine = openEngineLink({
    ready: askShell(),
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
  const leave = createLeave({
    mirror,
    memory,
    hasTrayHost: () => hasTrayHost(process.platform),
    isForeign: engine.isForeign,
    window: () => mainWindow?.current() ?? null,
    quit,
  });
  const askToQuit = () => void leave.askToQuit();
  // A Debian package has it on the PATH, and sources have theirs.
  const commandLine =
    app.isPackaged && startedWith['APPIMAGE'] !== undefined
      ? createCommandLine({
          source: path.join(process.resourcesPath, 'cli'),
          copies: path.join(profileDir, 'cli'),
          version: app.getVersion(),
          home: os.homedir(),
          searchPath: () => process.env['PATH'] ?? '',
          window: () => mainWindow?.current() ?? null,
          log,
        })
      : null;
  void commandLine?.refresh();
  const updates = createUpdates({
    mirror,
    installation: installationOf({
      isPackaged: app.isPackaged,
      platform: process.platform,
      appImage: startedWith['APPIMAGE'],
      packageType: readPackageType(process.resourcesPath),
    }),
    version: app.getVersion(),
    folder: path.join(profileDir, 'updates'),
    isForeign: engine.isForeign,
    window: () => mainWindow?.current() ?? null,
    quit,
    log,
  });
  const checkForUpdates = () => void updates.ask();
  setMenu({
    platform: process.platform,
    isDevelopment: !app.isPackaged,
    quit: askToQuit,
    // It lies beside the resources in a package, and in the root of the sources.
    showDocumentation: () => void shell.openPath(path.join(path.dirname(resourcesDir), 'README.md')),
    askForCommandLine: commandLine === null ? null : () => void commandLine.ask(),
    checkForUpdates,
  });
  const window = createMainWindow({
    preload: path.join(root, 'out', 'preload', 'preload.cjs'),
    icon: icon('app/256x256.png'),
    isDevelopment: !app.isPackaged,
    memory,
    isQuitting: ending.isQuitting,
    onClose: (closed) => void leave.close(closed),
    quit,
    log,
  });
  mainWindow = window;
  if (!process.argv.includes(HIDDEN_FLAG)) window.show();
  answerMessages({ window: () => window.current(), fetch: (request) => engine.fetch(request), checkForUpdates });
  app.on('activate', () => window.show());
  createTray({
    mirror,
    icons: { idle: icon(trayImage('idle', process.platform)), busy: icon(trayImage('busy', process.platform)) },
    open: () => window.show(),
    quit: askToQuit,
  });
  notifyOnFinish(mirror, (trialId) => {
    window.show();
    window.tell({ kind: 'open-trial', trialId });
  });
  lookAgainAfterSleep(mirror, window);
  void engine.foreignFound.then(() => tellVersion(launch.paths, app.getVersion(), window.current()));
  keepAwakeWhileRunning(mirror);
  followTheme(mirror);
  mirror.onChange(() => {
    if (mirror.isLoaded()) memory.keep({ usesGpu: mirror.settings().windowUsesGpu });
  });
  followLoginSetting(mirror, { env: startedWith, home: os.homedir(), platform: process.platform, log });
  void engine.stopRequested.then(quit);
}

/** What the login shell knows of conda, pyenv and the like, for the engine and its trials. Never rejects. */
async function askShell(): Promise<void> {
  if (needsShell(process.env, process.platform))
    applyEnvironment(withShell(process.env, await askLoginShell(process.env)));
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

/** Of this process, and of what it starts from now on. */
function applyEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(env)) if (process.env[name] !== value) process.env[name] = value;
}
