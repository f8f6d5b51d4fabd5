/**
 * electron-updater, as far as it decides: reads latest-linux.yml, compares versions, keeps a verified download. Where files come from is
 * update-source.ts; nothing here installs anything.
 *
 * Loaded when somebody looks for updates, not with every start.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppUpdater, type UpdateInfo } from 'electron-updater';
import type { UpdatePlace } from '../contract/update-place.ts';
import type { UpdateSource } from './update-source.ts';

/** What of an update fits this installation. */
export type PackageKind = 'AppImage' | 'deb';

export interface FoundUpdate {
  readonly version: string;
  /** Newer than this program. */
  readonly isNewer: boolean;
  /** The file for this installation; null when the place has none. */
  readonly file: { readonly url: string; readonly sha512: string; readonly bytes: number | null } | null;
}

export interface PackageUpdater {
  /** @throws PlaceUnreadable, or any other error when what lies there is damaged */
  look(): Promise<FoundUpdate>;
  /** After look() found a newer one. @returns the path of the verified file. @throws PlaceUnreadable, FileRefused */
  download(): Promise<string>;
}

export interface PackageUpdaterOptions {
  readonly kind: PackageKind;
  readonly version: string;
  readonly place: Exclude<UpdatePlace, { kind: 'off' }>;
  readonly source: UpdateSource;
  /** Absolute; downloads are kept below it until they are installed. */
  readonly folder: string;
  readonly log: (message: string, error: unknown) => void;
}

export function openPackageUpdater(options: PackageUpdaterOptions): PackageUpdater {
  const { kind, version, source, folder, log } = options;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  // It asks a file for the name of the folder of downloads.
  const config = path.join(folder, 'config.yml');
  fs.writeFileSync(config, 'updaterCacheDirName: downloads\n');

  class Updater extends AppUpdater {
    constructor() {
      super(null, {
        version,
        name: 'switchyard',
        isPackaged: true,
        appUpdateConfigPath: config,
        userDataPath: folder,
        baseCachePath: folder,
        whenReady: () => Promise.resolve(),
        relaunch: () => undefined,
        quit: () => undefined,
        onQuit: () => undefined,
      });
      this.autoDownload = false;
      this.autoInstallOnAppQuit = false;
      this.disableDifferentialDownload = true;
      // The same for everybody: a server has no business telling one installation from another.
      this.isUserWithinRollout = () => true;
      this.logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
      // It declares no way to set what it reads through, and takes it from here for every provider.
      Object.assign(this, { httpExecutor: source });
    }

    override quitAndInstall(): void {
      throw new Error('installing is done elsewhere');
    }

    protected override doDownloadUpdate(asked: Parameters<typeof this.executeDownload>[0]['downloadUpdateOptions']) {
      const { info, provider } = asked.updateInfoAndProvider;
      const file = fileFor(info, kind);
      const resolved = provider.resolveFiles(info).find((one) => one.info.url === file?.url);
      if (file === null || resolved === undefined) throw new Error(`there is no ${kind} of it`);
      return this.executeDownload({
        fileExtension: kind,
        fileInfo: resolved,
        downloadUpdateOptions: asked,
        task: (destination) => source.download(resolved.url, destination, file),
        done: () => Promise.resolve(),
      });
    }
  }

  const updater = new Updater();
  // Every error comes back from the call as well; unheard, the event would end the program.
  updater.on('error', (error) => log('updates', error));
  const { place } = options;
  updater.setFeedURL({
    provider: 'generic',
    url: place.kind === 'directory' ? pathToFileURL(path.resolve(place.path)).href : place.url,
  });

  return {
    async look() {
      const result = await updater.checkForUpdates();
      if (result === null) throw new Error('it was not looked for');
      return {
        version: result.updateInfo.version,
        isNewer: result.isUpdateAvailable,
        file: fileFor(result.updateInfo, kind),
      };
    },
    async download() {
      const [file] = await updater.downloadUpdate();
      if (file === undefined) throw new Error('nothing was downloaded');
      return file;
    },
  };
}

/** The file comes from somebody else: it says what it likes. */
function fileFor(info: UpdateInfo, kind: PackageKind): FoundUpdate['file'] {
  const files: unknown = info.files;
  if (!Array.isArray(files)) return null;
  for (const file of files as unknown[]) {
    const { url, sha512, size } = (typeof file === 'object' && file !== null ? file : {}) as Readonly<
      Record<string, unknown>
    >;
    if (typeof url !== 'string' || !url.toLowerCase().endsWith(`.${kind.toLowerCase()}`)) continue;
    return { url, sha512: typeof sha512 === 'string' ? sha512 : '', bytes: typeof size === 'number' ? size : null };
  }
  return null;
}
