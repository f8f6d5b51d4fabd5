/** What `switchyard doctor` says about the machine apart from GPUs and containers: system, git, Python, disk, clock, keyring. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { cpus, release, totalmem, type as osType } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { DoctorCheck } from '../../electron/contract/settings.ts';
import { findProgram } from '../process/resolve-command.ts';
import { passedOn } from '../process/trial-env.ts';
import { readLingering } from './lingering.ts';
import { readUnitKind } from './scope-policy.ts';
import { checkClock, checkDisk, checkGit, checkKeyring, checkLogout, checkPython, prettyName } from './host-checks.ts';

const COMMAND_TIMEOUT_MS = 4000;

/** @returns stdout of a short command; null when it is missing, fails or takes too long */
async function tryCommand(file: string, args: readonly string[]): Promise<string | null> {
  const result = await execa(file, args, {
    reject: false,
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    stdin: 'ignore',
    env: { LC_ALL: 'C' },
  });
  return result.failed ? null : result.stdout;
}

/** The python3 that a trial gets which brings no PATH of its own. */
async function findPython(): Promise<{ readonly path: string; readonly version: string | null } | null> {
  const found = findProgram('python3', passedOn(process.env)['PATH'] ?? '');
  return found.path === null ? null : { path: found.path, version: await tryCommand(found.path, ['--version']) };
}

async function isOnPath(program: string): Promise<boolean> {
  for (const dir of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(dir)) continue;
    try {
      await access(path.join(dir, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder.
    }
  }
  return false;
}

async function checkSystem(): Promise<DoctorCheck> {
  const name = prettyName(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  return {
    id: 'system',
    title: 'System',
    status: 'info',
    found: `${name ?? osType()}, kernel ${release()}, ${cpus().length} CPUs, ${Math.round(totalmem() / 1024 ** 3)} GiB memory, Node ${process.versions.node}`,
    remedy: null,
  };
}

/** The newest thing this program wrote; a clock behind it has been set back. */
async function newestWriteMs(dataDir: string): Promise<number | null> {
  const times = await Promise.all(
    ['switchyard.db', 'switchyard.db-wal', 'engine.log'].map(async (name) => {
      try {
        return (await stat(path.join(dataDir, name))).mtimeMs;
      } catch {
        return null;
      }
    }),
  );
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** The session bus of the desktop, where keyrings live. */
async function hasSessionBus(): Promise<boolean> {
  if ((process.env['DBUS_SESSION_BUS_ADDRESS'] ?? '') !== '') return true;
  const runtimeDir = process.env['XDG_RUNTIME_DIR'];
  if (runtimeDir === undefined || !path.isAbsolute(runtimeDir)) return false;
  return access(path.join(runtimeDir, 'bus')).then(
    () => true,
    () => false,
  );
}

/** @param readDisk free and total space of the file system that holds a path */
export async function diagnoseHost(
  dataDir: string,
  readDisk: (path: string) => Promise<{ readonly freeMiB: number; readonly totalMiB: number } | null>,
): Promise<readonly DoctorCheck[]> {
  const [system, git, python, disk, ntp, newest, bus, secretTool, kwallet, isLingering, cgroup] = await Promise.all([
    checkSystem(),
    tryCommand('git', ['--version']),
    findPython(),
    readDisk(dataDir),
    tryCommand('timedatectl', ['show', '--property=NTPSynchronized', '--value']),
    newestWriteMs(dataDir),
    hasSessionBus(),
    isOnPath('gnome-keyring-daemon'),
    isOnPath('kwalletd6').then(async (found) => found || (await isOnPath('kwalletd5'))),
    readLingering(),
    readFile('/proc/self/cgroup', 'utf8').catch(() => ''),
  ]);
  const logout = checkLogout({ unit: readUnitKind(cgroup), isLingering });
  return [
    system,
    checkGit(git),
    checkPython(python),
    checkDisk(dataDir, disk),
    checkClock({
      nowMs: Date.now(),
      newestWriteMs: newest,
      ntpSynchronized: ntp === null ? null : ntp.trim() === 'yes',
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    checkKeyring({ platform: process.platform, hasSessionBus: bus, hasService: secretTool || kwallet }),
    ...(logout === null ? [] : [logout]),
  ];
}
