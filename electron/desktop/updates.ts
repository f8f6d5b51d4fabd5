/**
 * New versions, when somebody asks for them: nothing is looked for, downloaded or installed unasked.
 *
 * idle -> looking -> asking -> downloading -> asking -> installing -> the program ends and the new one starts
 * Anything else leads back to idle with a sentence. Asking again meanwhile tells how far it is.
 */
import fs from 'node:fs';
import path from 'node:path';
import { dialog, session, type BrowserWindow } from 'electron';
import { readUpdatePlace } from '../contract/update-place.ts';
import { HIDDEN_FLAG } from './autostart-entry.ts';
import type { EngineMirror } from './engine-mirror.ts';
import { canReplace, installDeb, replaceAppImage, startAfterEnd } from './install-update.ts';
import * as words from './update-policy.ts';
import { createUpdateSource, FileRefused, PlaceUnreadable } from './update-source.ts';

export interface UpdatesOptions {
  readonly mirror: EngineMirror;
  readonly installation: words.Installation;
  readonly version: string;
  /** Where downloads are kept until they are installed. */
  readonly folder: string;
  /** See EngineLink.isForeign. */
  readonly isForeign: () => boolean | null;
  readonly window: () => BrowserWindow | null;
  /** Ends the application without asking. */
  readonly quit: () => void;
  readonly log: (message: string, error: unknown) => void;
}

export interface Updates {
  /** Looks, tells, and asks before each step. Never rejects. */
  ask(): Promise<void>;
}

export function createUpdates(options: UpdatesOptions): Updates {
  const { installation, version: own, log } = options;
  let isBusy = false;
  /** What is being downloaded, and which share of it is here, where that is known. */
  let downloading: { readonly version: string; share: number | null } | null = null;

  async function tell(box: words.UpdateBox): Promise<boolean> {
    const window = options.window();
    const { response } = await (window === null ? dialog.showMessageBox(box) : dialog.showMessageBox(window, box));
    return box.buttons.length > 1 && response === 0;
  }

  async function go(): Promise<void> {
    if (installation.kind === 'sources') return void (await tell(words.saySources()));
    if (installation.kind === 'other') return void (await tell(words.sayOther()));
    if (!options.mirror.isLoaded()) return void (await tell(words.sayStarting()));
    const text = options.mirror.settings().updatesFrom;
    const place = readUpdatePlace(text);
    if (typeof place === 'string') return void (await tell(words.sayUnreadable(text, `it ${place}`)));
    if (place.kind === 'off') return void (await tell(words.sayOff()));
    if (installation.kind === 'AppImage' && !(await canReplace(installation.file)))
      return void (await tell(words.sayNotWritable(installation.file)));

    let bytes: number | null = null;
    const source = createUpdateSource({
      place,
      // A session of its own: the page's reaches no network.
      fetch: (url, init) => session.fromPartition('updates', { cache: false }).fetch(url, init),
      onProgress(sofar) {
        if (downloading === null || bytes === null) return;
        downloading.share = Math.min(1, sofar / bytes);
        options.window()?.setProgressBar(downloading.share);
      },
    });
    const { openPackageUpdater } = await import('./package-updater.ts');
    const { kind } = installation;
    const updater = openPackageUpdater({ kind, version: own, place, source, folder: options.folder, log });
    const found = await updater.look().catch((error: unknown) => {
      log('new versions could not be looked for', error);
      const why = messageOf(error);
      return error instanceof PlaceUnreadable ? words.sayUnreadable(text, why) : words.sayDamaged(text, why);
    });
    if ('message' in found) return void (await tell(found));
    const { version, file } = found;
    if (!found.isNewer) return void (await tell(words.sayNothingNewer(own, version, text)));
    if (file === null) return void (await tell(words.sayNoFile(version, kind, text)));
    ({ bytes } = file);
    if (!(await tell(words.offerDownload(own, version, bytes, text)))) return;

    downloading = { version, share: null };
    // More than everything: it goes on, nobody knows how far it is.
    options.window()?.setProgressBar(2);
    const downloaded = await updater
      .download()
      .catch((error: unknown) => {
        log('a new version could not be downloaded', error);
        const why = messageOf(error);
        if (error instanceof PlaceUnreadable) return words.sayUnreadable(text, why);
        return error instanceof FileRefused || codeOf(error).startsWith('ERR_UPDATER_')
          ? words.sayRefused(version, why)
          : words.sayNotKept(version, why);
      })
      .finally(() => {
        downloading = null;
        options.window()?.setProgressBar(-1);
      });
    if (typeof downloaded !== 'string') return void (await tell(downloaded));
    const counts = options.mirror.counts();
    const isForeign = options.isForeign() === true;
    if (await tell(words.offerInstall({ version, kind, counts, isForeign }))) await install(version, downloaded);
  }

  async function install(version: string, downloaded: string): Promise<void> {
    let program = process.execPath;
    if (installation.kind === 'AppImage') {
      try {
        program = await replaceAppImage(downloaded, installation.file);
      } catch (error) {
        log('the AppImage could not be replaced', error);
        return void (await tell(words.sayNotInstalled(version, messageOf(error), null)));
      }
    } else {
      const result = await installDeb(downloaded, process.getuid?.() === 0);
      if (result.kind !== 'done') {
        const why =
          result.kind === 'dismissed' ? 'You were asked for your password, and closed the question.' : result.why;
        log('the package could not be installed', new Error(why));
        return void (await tell(words.sayNotInstalled(version, why, `sudo apt install '${downloaded}'`)));
      }
    }
    fs.rmSync(options.folder, { recursive: true, force: true });
    startAfterEnd(
      program,
      process.argv.slice(1).filter((argument) => argument !== HIDDEN_FLAG),
      process.env,
    );
    options.quit();
  }

  return {
    async ask() {
      try {
        if (downloading !== null) await tell(words.sayDownloading(downloading.version, downloading.share));
        if (isBusy) return;
        isBusy = true;
        await go().finally(() => {
          isBusy = false;
        });
      } catch (error) {
        log('looking for new versions failed', error);
        await tell(words.sayFault(messageOf(error))).catch(() => undefined);
      }
    },
  };
}

/** Of the package, as its packager wrote it. @returns null where there is none */
export function readPackageType(resourcesPath: string): string | null {
  try {
    return fs.readFileSync(path.join(resourcesPath, 'package-type'), 'utf8');
  } catch {
    return null;
  }
}

/** The first line: electron-updater appends what it read. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 300) ?? '';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
