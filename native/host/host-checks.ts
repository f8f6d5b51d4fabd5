/** Findings about the machine turned into doctor checks, with the exact remedy for each. Pure. */
import { sayMemory } from '../../electron/text/say.ts';
import type { DoctorCheck } from '../../electron/contract/settings.ts';
import type { UnitKind } from './scope-policy.ts';

const LOW_DISK_MIB = 5 * 1024;
const VERY_LOW_DISK_MIB = 512;
/** A clock before this is certainly wrong: the program is younger. 2026-01-01. */
const YOUNGEST_MS = Date.UTC(2026, 0, 1);
const CLOCK_SLACK_MS = 2 * 60_000;

/** @returns PRETTY_NAME of /etc/os-release; null when there is none */
export function prettyName(osRelease: string): string | null {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? null;
}

/** @param output stdout of `git --version`; null = no git. Snapshots are taken without it, so this is only for the record */
export function checkGit(output: string | null): DoctorCheck {
  const version = /\d+\.\d+(?:\.\d+)?/.exec(output ?? '')?.[0] ?? null;
  return {
    id: 'git',
    title: 'git',
    status: 'info',
    found: version === null ? 'not found; nothing here needs it' : `git ${version}`,
    remedy: null,
  };
}

/** @param found the python3 that trials get; null = none. `version` is what it says of itself, null = it does not run */
export function checkPython(found: { readonly path: string; readonly version: string | null } | null): DoctorCheck {
  const base = { id: 'python', title: 'Python' };
  const remedy =
    'Install it (Debian, Ubuntu: sudo apt install python3). "switchyard submit" takes the Python of the ' +
    'shell it is typed in; this is the one for everything else.';
  if (found === null) return { ...base, status: 'warning', found: 'no python3 on the PATH of the engine', remedy };
  if (found.version === null) return { ...base, status: 'warning', found: `${found.path} does not run`, remedy };
  return { ...base, status: 'ok', found: `${found.version.trim()} (${found.path})`, remedy: null };
}

/** @param disk space on the file system of the data directory; null = unknown */
export function checkDisk(
  dataDir: string,
  disk: { readonly freeMiB: number; readonly totalMiB: number } | null,
): DoctorCheck {
  const base = { id: 'disk', title: 'Disk space' };
  if (disk === null)
    return {
      ...base,
      status: 'warning',
      found: `free space under ${dataDir} cannot be read`,
      remedy: `Check that ${dataDir} exists and that its file system answers (df -h ${dataDir}).`,
    };
  const found = `${sayMemory(disk.freeMiB)} of ${sayMemory(disk.totalMiB)} free under ${dataDir}`;
  const remedy =
    'See what takes it (switchyard disk) and give back what can be made anew (switchyard disk --free work); delete archived trials ' +
    '(switchyard rm), prune images (docker image prune), or put the data on a bigger disk (SWITCHYARD_HOME=/path).';
  if (disk.freeMiB < VERY_LOW_DISK_MIB)
    return { ...base, status: 'error', found: `${found}: trials will not be started`, remedy };
  if (disk.freeMiB < LOW_DISK_MIB)
    return { ...base, status: 'warning', found: `${found}: logs and checkpoints may fill it`, remedy };
  return { ...base, status: 'ok', found, remedy: null };
}

export interface ClockFindings {
  readonly nowMs: number;
  /** Newest file this program wrote; null = none. */
  readonly newestWriteMs: number | null;
  /** null = unknown (no systemd). */
  readonly ntpSynchronized: boolean | null;
  readonly timeZone: string;
}

/** A wrong clock breaks time limits, opening hours and TLS; a clock set back makes times run backwards. */
export function checkClock({ nowMs, newestWriteMs, ntpSynchronized, timeZone }: ClockFindings): DoctorCheck {
  const base = { id: 'clock', title: 'Clock' };
  const shown = `${new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z')}, time zone ${timeZone}`;
  const sync = 'Turn time synchronisation on: sudo timedatectl set-ntp true';
  if (nowMs < YOUNGEST_MS) return { ...base, status: 'error', found: `${shown}: this is in the past`, remedy: sync };
  if (newestWriteMs !== null && newestWriteMs > nowMs + CLOCK_SLACK_MS) {
    return {
      ...base,
      status: 'warning',
      found: `${shown}: files here are ${Math.round((newestWriteMs - nowMs) / 60_000)} min newer, so the clock was set back`,
      remedy: sync,
    };
  }
  if (ntpSynchronized === false)
    return { ...base, status: 'warning', found: `${shown}, not synchronised`, remedy: sync };
  return { ...base, status: 'ok', found: ntpSynchronized === true ? `${shown}, synchronised` : shown, remedy: null };
}

export interface KeyringFindings {
  readonly platform: NodeJS.Platform;
  readonly hasSessionBus: boolean;
  /** GNOME keyring or KWallet is installed. */
  readonly hasService: boolean;
}

/** Where secrets would be kept: the system's keyring, else a key file only this user can read. */
export function checkKeyring({ platform, hasSessionBus, hasService }: KeyringFindings): DoctorCheck {
  const base = { id: 'keyring', title: 'Keyring' };
  if (platform === 'darwin') return { ...base, status: 'ok', found: 'macOS keychain', remedy: null };
  if (platform === 'win32') return { ...base, status: 'ok', found: 'Windows data protection', remedy: null };
  if (hasSessionBus && hasService)
    return { ...base, status: 'ok', found: 'a keyring service on the session bus', remedy: null };
  return {
    ...base,
    status: 'info',
    found: hasSessionBus
      ? 'no keyring service; a key file only you can read is used'
      : 'no desktop session (headless); a key file only you can read is used',
    remedy: hasSessionBus ? 'For the system keyring install gnome-keyring or KWallet and log in again.' : null,
  };
}

export interface LogoutFindings {
  /** Where the engine stands, or without one the shell that would start it. */
  readonly unit: UnitKind;
  /** null = unknown (no systemd). */
  readonly isLingering: boolean | null;
}

/** What becomes of the engine and its trials when the user logs out. @returns null where nothing is known to end them */
export function checkLogout({ unit, isLingering }: LogoutFindings): DoctorCheck | null {
  const base = { id: 'logout', title: 'Logout' };
  if (isLingering === null || unit === 'none') return null;
  if (isLingering)
    return {
      ...base,
      status: 'ok',
      found: 'lingering is on: the engine and its trials outlast a logout',
      remedy: null,
    };
  const remedy = 'To have them go on: loginctl enable-linger';
  if (unit === 'session')
    return {
      ...base,
      status: 'info',
      found: 'lingering is off: whether the engine and its trials outlast a logout is for this system to say',
      remedy,
    };
  return {
    ...base,
    status: 'warning',
    found: 'lingering is off: the engine and the trials that run as processes end with your last logout',
    remedy,
  };
}
