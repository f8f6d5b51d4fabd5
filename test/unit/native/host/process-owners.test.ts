import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { parseOwner, readProcessOwners } from '../../../../native/host/process-owners.ts';

const PASSWD = 'root:x:0:0::/root:/bin/sh\nanna:x:1001:1001::/home/anna:/bin/sh\n';
const stat = (ticks: string): string => `77 (a ) b (c) S 1 2 3 ${'0 '.repeat(15)}${ticks} 9 9\n`;

describe('whose a process is', () => {
  it('is its real user, and when it began', () => {
    const status = 'Name:\tx\nUid:\t1001\t0\t0\t0\n';
    expect(parseOwner(status, stat('250'), 1_000_000, PASSWD)).toEqual({ user: 'anna', sinceMs: 1_002_500 });
    expect(parseOwner(status.replace('1001', '7'), stat('250'), 0, PASSWD)?.user).toBe('user 7');
  });
  it('is not known of one that is gone or hidden', () => {
    expect(parseOwner('', stat('1'), 0, PASSWD)).toBeNull();
    expect(parseOwner('Uid:\t0\t0\n', '', 0, PASSWD)).toBeNull();
  });
  it.runIf(existsSync('/proc/stat'))('is read from this machine', async () => {
    const before = Date.now();
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    try {
      const owners = await readProcessOwners([pid, process.pid, 2 ** 22 + 1]);
      expect(owners.get(pid)?.user).toBe(userInfo().username);
      // The start of the machine is told in whole seconds.
      expect(Math.abs((owners.get(pid)?.sinceMs ?? 0) - before)).toBeLessThan(5_000);
      expect([...owners.keys()]).toEqual([pid, process.pid]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
