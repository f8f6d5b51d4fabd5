/** What each setting means and may be, for people. */
import { UPDATE_PLACES } from '../contract/update-place.ts';
import type { Settings } from '../contract/settings.ts';

interface SettingText {
  readonly meaning: string;
  /** Reads on after "it is". */
  readonly values: string;
}

const ON_OFF = 'on or off';

/** In the order they are shown. */
export const SETTING_TEXTS: Readonly<Record<keyof Settings, SettingText>> = {
  notifyOnFinish: { meaning: 'tell me when a trial completes', values: ON_OFF },
  notifyOnFailure: { meaning: 'tell me when a trial fails', values: ON_OFF },
  notifyAfterS: {
    meaning: 'only of trials that ran at least so many seconds',
    values: 'a whole number of seconds from 0 to 86400',
  },
  keepAwake: { meaning: 'keep the machine awake while trials run', values: ON_OFF },
  closeToTray: { meaning: 'closing the window leaves the engine in the tray', values: ON_OFF },
  windowUsesGpu: { meaning: 'draw the window of the desktop app with a GPU, from its next start on', values: ON_OFF },
  startAtLogin: { meaning: 'start the desktop app at login', values: ON_OFF },
  updatesFrom: { meaning: 'where the desktop app looks for new versions, when asked to', values: UPDATE_PLACES },
  afterReboot: { meaning: 'after a reboot go on, or hold the queue until you resume it', values: 'continue or hold' },
  logCapMiB: {
    meaning: 'of a longer log the middle is dropped, MiB for an attempt',
    values: 'a whole number of MiB from 1 to 1048576',
  },
  snapshotLimitMiB: {
    meaning: 'largest directory that is copied at submit, MiB',
    values: 'a whole number of MiB from 1 to 1048576',
  },
  minFreeDiskMiB: {
    meaning: 'start nothing while less disk space is free, MiB',
    values: 'a whole number of MiB, 0 or more',
  },
  keepWorkDays: {
    meaning: 'unchanged working copies of ended trials go after so many days, sooner when the disk is nearly full',
    values: 'a whole number of days from 0 to 36500',
  },
  keepCheckpoints: {
    meaning: 'keep the newest so many checkpoints of a trial and remove older ones, 0 keeps all',
    values: 'a whole number from 0 to 10000',
  },
  theme: { meaning: 'colours of the user interface', values: 'system, light or dark' },
};

/** As it is typed: "on", "off", a number, a word. */
export function formatSetting(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
