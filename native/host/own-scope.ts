/**
 * Moves this process into a systemd scope of its own, and with it whatever it starts from then on. The manager is asked over the bus,
 * as `systemd-run --user --scope` does, which can only do it for a program that it starts itself.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readLingering } from './lingering.ts';
import { readUnitKind, shouldLeaveUnit } from './scope-policy.ts';

const PATIENCE_MS = 2_000;
/** The manager answers when the move is planned; it takes some milliseconds more. */
const MOVE_PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 10;

export interface OwnScopeParts {
  readonly pid: number;
  /** @returns text of /proc/self/cgroup */
  readonly readCgroup: () => Promise<string>;
  readonly isLingering: () => Promise<boolean | null>;
  /** Where the reason goes when it should have been done and was not. */
  readonly log: (message: string, error: unknown) => void;
}

/** Tried once; without it everything works as before. Never rejects. @returns whether this process is in a scope of its own now */
export async function enterOwnScope(
  log: OwnScopeParts['log'],
  parts: Omit<OwnScopeParts, 'log'> = SYSTEM,
): Promise<boolean> {
  try {
    const kind = readUnitKind(await parts.readCgroup());
    const isLingering = kind === 'session' ? (await parts.isLingering()) === true : false;
    if (!shouldLeaveUnit(kind, isLingering)) return false;
    const unit = `switchyard-engine-${parts.pid}.scope`;
    // Managers before version 253 do not know the policy of scopes, and do not need it.
    await askManager(unit, parts.pid, ['OOMPolicy', 's', 'continue']).catch(() => askManager(unit, parts.pid, []));
    const deadlineMs = performance.now() + MOVE_PATIENCE_MS;
    while (!(await parts.readCgroup()).trimEnd().endsWith(`/${unit}`)) {
      if (performance.now() > deadlineMs) throw new Error('the manager did not move it in time');
      await delay(LOOK_EVERY_MS);
    }
    return true;
  } catch (error) {
    log('trials share the scope of the application: no scope of their own could be made', error);
    return false;
  }
}

const SYSTEM: Omit<OwnScopeParts, 'log'> = {
  pid: process.pid,
  // None where there is no /proc: nothing to leave.
  readCgroup: () => readFile('/proc/self/cgroup', 'utf8').catch(() => ''),
  isLingering: readLingering,
};

/** @throws when the manager refuses or does not answer */
async function askManager(unit: string, pid: number, more: readonly string[]): Promise<void> {
  const properties = [
    ['PIDs', 'au', '1', String(pid)],
    ['Description', 's', 'Switchyard: the engine and its trials'],
    ['CollectMode', 's', 'inactive-or-failed'],
    ...(more.length === 0 ? [] : [more]),
  ];
  const call = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];
  const args = [
    'StartTransientUnit',
    'ssa(sv)a(sa(sv))',
    unit,
    'fail',
    String(properties.length),
    ...properties.flat(),
  ];
  await new Promise<void>((resolve, reject) => {
    execFile(
      'busctl',
      ['--user', 'call', ...call, ...args, '0'],
      { timeout: PATIENCE_MS, killSignal: 'SIGKILL' },
      (error) => {
        if (error === null) resolve();
        else reject(error);
      },
    );
  });
}
