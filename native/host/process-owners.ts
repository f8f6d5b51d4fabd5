/** Whose processes are, and since when they run, as /proc tells. */
import { readFile } from 'node:fs/promises';
import type { ProcessOwner } from '../../electron/ports/host-probe.ts';
import { userNameIn } from '../../electron/text/passwd.ts';

/** What the kernel shows to programs is counted in hundredths of a second on every machine (USER_HZ). */
const MS_PER_TICK = 10;

/** @returns those of which both is known; empty where there is no /proc */
export async function readProcessOwners(pids: readonly number[]): Promise<ReadonlyMap<number, ProcessOwner>> {
  const [machine, passwd] = await Promise.all([readText('/proc/stat'), readText('/etc/passwd')]);
  const bootS = /^btime (\d+)$/m.exec(machine)?.[1];
  if (bootS === undefined) return new Map();
  const owners = await Promise.all(
    pids.map(async (pid): Promise<readonly [number, ProcessOwner][]> => {
      const [status, stat] = await Promise.all([readText(`/proc/${pid}/status`), readText(`/proc/${pid}/stat`)]);
      const owner = parseOwner(status, stat, Number(bootS) * 1000, passwd);
      return owner === null ? [] : [[pid, owner]];
    }),
  );
  return new Map(owners.flat());
}

/**
 * @param status text of /proc/<pid>/status
 * @param stat text of /proc/<pid>/stat; its name in parentheses may hold anything
 * @param bootMs when the machine started
 */
export function parseOwner(status: string, stat: string, bootMs: number, passwd: string): ProcessOwner | null {
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (uid === undefined || ticks === undefined || !/^\d+$/.test(ticks)) return null;
  return {
    user: userNameIn(passwd, Number(uid)) ?? `user ${uid}`,
    sinceMs: bootMs + Number(ticks) * MS_PER_TICK,
  };
}

const readText = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
