/** What is said about new versions, and what can be answered. Pure. */
import path from 'node:path';
import { sayBytes } from '../text/say.ts';
import type { TrialCounts } from './tray-text.ts';

export interface UpdateBox {
  readonly type: 'question' | 'info' | 'warning' | 'error';
  readonly message: string;
  readonly detail: string;
  /** The first one does it, where there is a choice. */
  readonly buttons: string[];
  readonly defaultId: number;
  readonly cancelId: number;
}

/** How this program was installed: what can be replaced, and how. */
export type Installation =
  | { readonly kind: 'AppImage'; readonly file: string }
  | { readonly kind: 'deb' }
  | { readonly kind: 'sources' }
  | { readonly kind: 'other' };

/**
 * @param appImage APPIMAGE of the environment this program was started with
 * @param packageType what the package says of itself in a file; null without one
 */
export function installationOf(facts: {
  readonly isPackaged: boolean;
  readonly platform: NodeJS.Platform;
  readonly appImage: string | undefined;
  readonly packageType: string | null;
}): Installation {
  if (!facts.isPackaged) return { kind: 'sources' };
  if (facts.platform !== 'linux') return { kind: 'other' };
  // First: the packager makes both from one folder, and the AppImage may hold the other's file.
  if (facts.appImage !== undefined && path.isAbsolute(facts.appImage))
    return { kind: 'AppImage', file: facts.appImage };
  return facts.packageType?.trim() === 'deb' ? { kind: 'deb' } : { kind: 'other' };
}

const say = (type: UpdateBox['type'], message: string, detail: string): UpdateBox => ({
  type,
  message,
  detail,
  buttons: ['OK'],
  defaultId: 0,
  cancelId: 0,
});
const ask = (message: string, detail: string, yes: string): UpdateBox => ({
  type: 'question',
  message,
  detail,
  buttons: [yes, 'Not now'],
  defaultId: 0,
  cancelId: 1,
});

export const sayStarting = (): UpdateBox =>
  say('info', 'The engine is starting', 'Where updates are looked for is one of its settings. Try again in a moment.');

export const sayOff = (): UpdateBox =>
  say(
    'info',
    'Updates are off',
    'In Settings, under This machine, name where new versions lie: a directory or an https address that holds latest-linux.yml and the ' +
      'packages. Then ask again.',
  );

export const saySources = (): UpdateBox =>
  say('info', 'This window runs from its sources', 'Update them where they lie: git pull, npm ci, and start it again.');

export const sayOther = (): UpdateBox =>
  say(
    'info',
    'This copy cannot update itself',
    'Only an AppImage and a Debian package can. Fetch the new version the way this one came; the queue and the trials stay.',
  );

export const sayNotWritable = (file: string): UpdateBox =>
  say(
    'warning',
    'The AppImage cannot be replaced here',
    `${path.dirname(file)} cannot be written to. Move ${path.basename(file)} into a directory of yours, start it there, and ask again.`,
  );

/** @param why reads on after "could not be read: " */
export const sayUnreadable = (place: string, why: string): UpdateBox =>
  say(
    'warning',
    'The place with new versions could not be read',
    `${place} could not be read: ${why}.\n\nIs it right in Settings, and is it reachable? Nothing was changed.`,
  );

export const sayDamaged = (place: string, why: string): UpdateBox =>
  say(
    'warning',
    'What lies there cannot be understood',
    `latest-linux.yml in ${place} is damaged: ${why}\n\nTell whoever keeps it. Nothing was changed.`,
  );

/** @param found the version there, not newer than own */
export const sayNothingNewer = (own: string, found: string, place: string): UpdateBox =>
  say(
    'info',
    found === own ? `Switchyard ${own} is the newest version` : `Switchyard ${own} is newer than what lies there`,
    `${place} has ${found}. There is nothing to do.`,
  );

export const sayNoFile = (version: string, kind: string, place: string): UpdateBox =>
  say(
    'warning',
    `Switchyard ${version} is there, but not for this installation`,
    `${place} has no ${kind} of it. Tell whoever keeps it, or install the new version by hand.`,
  );

export const offerDownload = (own: string, version: string, bytes: number | null, place: string): UpdateBox =>
  ask(
    `Download Switchyard ${version}?`,
    `This is ${own}. It comes from ${place}${bytes === null ? '' : ` (${sayBytes(bytes)})`}.\n\n` +
      'You are asked again before it is installed; until then nothing changes, and trials go on.',
    'Download',
  );

export const sayDownloading = (version: string, share: number | null): UpdateBox =>
  say(
    'info',
    `Switchyard ${version} is being downloaded`,
    `${share === null ? '' : `${Math.floor(share * 100)} % so far. `}You are asked when it is there. Quitting gives the download up.`,
  );

export const sayRefused = (version: string, why: string): UpdateBox =>
  say(
    'error',
    `Switchyard ${version} was refused`,
    `The file was thrown away: ${why}.\n\nIt is damaged, or somebody changed it. Tell whoever keeps the place. Nothing was changed.`,
  );

export const sayNotKept = (version: string, why: string): UpdateBox =>
  say(
    'error',
    `Switchyard ${version} could not be kept`,
    `${why}\n\nMake room on the disk of the data directory, then ask again. Nothing was changed.`,
  );

/** @param isForeign the engine is another program's, and does not restart with the window */
export function offerInstall(facts: {
  readonly version: string;
  readonly kind: 'AppImage' | 'deb';
  readonly counts: TrialCounts;
  readonly isForeign: boolean;
}): UpdateBox {
  const { version, kind, counts, isForeign } = facts;
  const trials = isForeign
    ? [
        'The engine is another program and goes on as it is, trials too. Restart it as well afterwards, so that both are of one version.',
      ]
    : [
        ...(counts.active > 0
          ? [
              counts.active === 1
                ? 'The trial that runs goes on during the restart, and the new version takes it up.'
                : `The ${counts.active} trials that run go on during the restart, and the new version takes them up.`,
            ]
          : []),
        ...(counts.queued > 0 ? ['What waits is kept, and starts after the restart.'] : []),
      ];
  return ask(
    `Install Switchyard ${version} and restart?`,
    [
      'It is downloaded, and its checksum is right.',
      ...trials,
      ...(kind === 'deb' ? ['The system asks for your password to install the package.'] : []),
      'Not now keeps the download; Help, Check for updates asks again.',
    ].join('\n'),
    'Install and restart',
  );
}

/** @param command does by hand what failed; null where there is none */
export const sayNotInstalled = (version: string, why: string, command: string | null): UpdateBox =>
  say(
    'error',
    `Switchyard ${version} could not be installed`,
    `${why}\n\nThis version goes on as before. ${command === null ? 'Make room or mend the permissions, then try again.' : `By hand: ${command}`}`,
  );

export const sayFault = (why: string): UpdateBox =>
  say('error', 'Looking for updates failed', `${why}\n\nNothing was installed. The engine log has the details.`);
