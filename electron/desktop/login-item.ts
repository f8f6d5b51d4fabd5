/** Starts the application with the user's session, or no longer, as the settings say. */
import fs from 'node:fs';
import path from 'node:path';
import { app } from 'electron';
import { autostartEntry, autostartFile, HIDDEN_FLAG } from './autostart-entry.ts';
import type { EngineMirror } from './engine-mirror.ts';

export interface LoginItemOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly log: (message: string, error: unknown) => void;
}

/** Only for a packaged application: one run from its sources has no program file of its own to start. */
export function followLoginSetting(mirror: EngineMirror, options: LoginItemOptions): void {
  if (!app.isPackaged) return;
  let applied: boolean | null = null;
  mirror.onChange(() => {
    const { startAtLogin } = mirror.settings();
    // Until the engine has answered, the settings are only the defaults.
    if (!mirror.isLoaded() || startAtLogin === applied) return;
    applied = startAtLogin;
    try {
      if (options.platform === 'linux') writeAutostart(startAtLogin, options);
      else app.setLoginItemSettings({ openAtLogin: startAtLogin, args: [HIDDEN_FLAG] });
    } catch (error) {
      options.log('start at login could not be changed', error);
    }
  });
}

function writeAutostart(isOn: boolean, options: LoginItemOptions): void {
  const file = autostartFile(options.env, options.home);
  if (!isOn) {
    fs.rmSync(file, { force: true });
    return;
  }
  // An AppImage runs from a mount that is another one next time; APPIMAGE names the file itself.
  const program = options.env['APPIMAGE'] ?? process.execPath;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, autostartEntry([program, HIDDEN_FLAG]));
}
