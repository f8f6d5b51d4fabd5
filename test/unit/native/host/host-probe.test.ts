import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { HostReading } from '../../../../electron/contract/gpus.ts';
import { DoctorCheck } from '../../../../electron/contract/settings.ts';
import {
  checkClock,
  checkDisk,
  checkGit,
  checkKeyring,
  checkPython,
  prettyName,
} from '../../../../native/host/host-checks.ts';
import { createHostProbe } from '../../../../native/host/host-probe.ts';

it('reads this machine', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-host-'));
  try {
    const probe = createHostProbe({ diskPath: dir });
    const reading = await probe.read();
    expect(HostReading.parse(reading)).toEqual(reading);
    expect(reading.cpuCount).toBeGreaterThan(0);
    expect(reading.memoryUsedMiB).toBeGreaterThan(0);
    expect(reading.memoryTotalMiB).toBeGreaterThan(reading.memoryUsedMiB ?? Infinity);
    expect(reading.diskFreeMiB).toBeLessThanOrEqual(reading.diskTotalMiB ?? -1);
    expect(await probe.disk(path.join(dir, 'nowhere'))).toBeNull();
    expect(await probe.bootId()).toBe(await probe.bootId());
    const shape = existsSync('/proc/sys/kernel/random/boot_id') ? /^[0-9a-f-]{36}$/ : /^null$/;
    expect(String(await probe.bootId())).toMatch(shape);
    const checks = await probe.diagnose(dir);
    expect(checks.map(({ id }) => id)).toEqual(['system', 'git', 'python', 'disk', 'clock', 'keyring']);
    for (const check of checks) {
      expect(DoctorCheck.parse(check)).toEqual(check);
    }
    expect(
      checks.filter(({ status, remedy }) => (status === 'error' || status === 'warning') && remedy === null),
    ).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('git: missing, there', () => {
  expect(checkGit(null)).toMatchObject({ status: 'info', found: expect.stringContaining('not found') as string });
  expect(checkGit('git version 2.39.5 (Apple Git-154)')).toMatchObject({ status: 'info', found: 'git 2.39.5' });
});

it('Python: missing, broken, there', () => {
  expect(checkPython(null)).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('apt install python3') as string,
  });
  expect(checkPython({ path: '/usr/bin/python3', version: null })).toMatchObject({
    status: 'warning',
    found: '/usr/bin/python3 does not run',
  });
  expect(checkPython({ path: '/usr/bin/python3', version: 'Python 3.11.7\n' })).toMatchObject({
    status: 'ok',
    found: 'Python 3.11.7 (/usr/bin/python3)',
  });
});

it('disk: unknown, nearly full, low, fine', () => {
  expect(
    [
      null,
      { freeMiB: 100, totalMiB: 1000 },
      { freeMiB: 3000, totalMiB: 9000 },
      { freeMiB: 90_000, totalMiB: 99_000 },
    ].map((disk) => checkDisk('/data', disk).status),
  ).toEqual(['warning', 'error', 'warning', 'ok']);
});

it('clock: in the past, set back, not synchronised, fine', () => {
  const now = Date.UTC(2026, 10, 1);
  const clock = { nowMs: now, newestWriteMs: now - 5000, ntpSynchronized: true, timeZone: 'UTC' };
  expect(checkClock(clock).status).toBe('ok');
  expect(checkClock({ ...clock, nowMs: 0, newestWriteMs: null })).toMatchObject({
    status: 'error',
    remedy: expect.stringContaining('set-ntp') as string,
  });
  expect(checkClock({ ...clock, newestWriteMs: now + 3_600_000 })).toMatchObject({
    status: 'warning',
    found: expect.stringContaining('60 min') as string,
  });
  expect(checkClock({ ...clock, ntpSynchronized: false }).status).toBe('warning');
  expect(checkClock({ ...clock, ntpSynchronized: null }).status).toBe('ok');
});

it('keyring: a desktop with a service, without one, headless', () => {
  const linux = { platform: 'linux', hasSessionBus: true, hasService: true } as const;
  expect(checkKeyring(linux).status).toBe('ok');
  expect(checkKeyring({ ...linux, hasService: false })).toMatchObject({
    status: 'info',
    found: expect.stringContaining('key file') as string,
  });
  expect(checkKeyring({ ...linux, hasSessionBus: false })).toMatchObject({ status: 'info', remedy: null });
});

it('reads the name of the system', () => {
  expect(prettyName('NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe('Debian GNU/Linux 12 (bookworm)');
  expect(prettyName('')).toBeNull();
});
