/**
 * The HostProbe: memory through systeminformation (a call that only reads /proc), CPU from the counters Node gives, disk through
 * statfs, because listing all file systems would hang on a dead network mount.
 */
import { readFile, statfs } from 'node:fs/promises';
import { cpus, hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { mem } from 'systeminformation';
import type { HostReading } from '../../electron/contract/gpus.ts';
import type { HostProbe } from '../../electron/ports/host-probe.ts';
import { createCpuLoad } from './cpu-load.ts';
import { diagnoseHost } from './diagnose-host.ts';
import { readProcessOwners } from './process-owners.ts';

const MIB = 1024 * 1024;
/** A network file system that does not answer must not hold a reading up. */
const STATFS_TIMEOUT_MS = 2000;
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

export interface HostProbeOptions {
  /** The file system that holds this path is the one whose free space is read. */
  readonly diskPath: string;
}

interface DiskSpace {
  readonly freeMiB: number;
  readonly totalMiB: number;
}

/** @returns space for this user on the file system that holds `path`; null when it cannot be told */
async function readDisk(path: string): Promise<DiskSpace | null> {
  const stop = new AbortController();
  try {
    const late = delay(STATFS_TIMEOUT_MS, null, { signal: stop.signal, ref: false });
    late.catch(() => undefined);
    const stats = await Promise.race([statfs(path), late]);
    if (stats === null || stats.blocks === 0) return null;
    return {
      freeMiB: Math.floor((stats.bavail * stats.bsize) / MIB),
      totalMiB: Math.floor((stats.blocks * stats.bsize) / MIB),
    };
  } catch {
    return null;
  } finally {
    stop.abort();
  }
}

/** Rounded, or null where the library could not tell. */
function known(value: number, digits = 0): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}

/** @returns the probe; a value that cannot be read is null, nothing rejects */
export function createHostProbe({ diskPath }: HostProbeOptions): HostProbe {
  const load = createCpuLoad();
  load.sincePreviousPct(cpus());
  return {
    async read(): Promise<HostReading> {
      const [memory, disk] = await Promise.all([mem().catch(() => null), readDisk(diskPath)]);
      const processors = cpus();
      const cpuPct = load.sincePreviousPct(processors);
      return {
        hostname: hostname(),
        cpuPct: cpuPct === null ? null : known(cpuPct, 1),
        cpuCount: processors.length,
        memoryTotalMiB: memory === null ? null : known(memory.total / MIB),
        // Without caches: what programs really hold.
        memoryUsedMiB: memory === null ? null : known((memory.total - memory.available) / MIB),
        diskFreeMiB: disk?.freeMiB ?? null,
        diskTotalMiB: disk?.totalMiB ?? null,
      };
    },
    disk: readDisk,
    processOwners: readProcessOwners,
    async bootId(): Promise<string | null> {
      try {
        const id = (await readFile(BOOT_ID_FILE, 'utf8')).trim();
        return id === '' ? null : id;
      } catch {
        return null;
      }
    },
    diagnose: (dataDir: string) => diagnoseHost(dataDir, readDisk),
  };
}
