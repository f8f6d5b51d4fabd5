/** What takes the room on the disk with the data directory: measured when somebody asks, or when it becomes short. */
import { setImmediate } from 'node:timers/promises';
import { DISK_KINDS, type DiskUse } from '../../contract/disk.ts';
import type { HostProbe } from '../../ports/host-probe.ts';
import type { Store } from '../../store/database.ts';
import { getTrialRow } from '../../store/trials.ts';
import { sayDiskUse } from '../../text/disk-text.ts';
import { measureDisk } from '../files/disk-use.ts';
import type { WorkFreer } from './free-work.ts';

const MIB = 1024 * 1024;
const LARGEST = 20;
/** So many rows are read in a turn. */
const ROWS_A_TURN = 200;
/** A sentence about the use is made anew after this. */
const STALE_MS = 30 * 60_000;

export interface Room {
  /** Measures; whoever asks meanwhile gets the same. A large data directory takes its time. */
  use(): Promise<DiskUse>;
  /** A sentence from the latest measurement; null before the first. When that is old, another one begins. */
  sentence(): string | null;
}

export interface RoomDeps {
  readonly store: Store;
  readonly dataDir: string;
  readonly trialsDir: string;
  readonly host: Pick<HostProbe, 'disk'>;
  readonly nowMs: () => number;
  readonly freer: Pick<WorkFreer, 'kept'>;
  readonly onError: (text: string, error: unknown) => void;
}

export function createRoom(deps: RoomDeps): Room {
  let latest: DiskUse | null = null;
  let measuring: Promise<DiskUse> | null = null;

  async function measure(): Promise<DiskUse> {
    const [{ kinds, trials }, disk] = await Promise.all([
      measureDisk(deps.dataDir, deps.trialsDir),
      deps.host.disk(deps.dataDir),
    ]);
    const bySize = trials.toSorted((a, b) => b.bytes - a.bytes);
    const largest: DiskUse['largest'] = [];
    let endedTrials = 0;
    let endedBytes = 0;
    for (const [at, use] of bySize.entries()) {
      if (at % ROWS_A_TURN === 0) await setImmediate();
      const row = getTrialRow(deps.store.db, use.trialId);
      if (row === null) continue;
      if (largest.length < LARGEST) largest.push({ ...use, name: row.name, state: row.state });
      if (row.state !== 'done' || use.workBytes === 0) continue;
      endedTrials += 1;
      endedBytes += use.workBytes;
    }
    latest = {
      measuredAtMs: deps.nowMs(),
      freeBytes: disk === null ? null : disk.freeMiB * MIB,
      totalBytes: disk === null ? null : disk.totalMiB * MIB,
      usedBytes: DISK_KINDS.reduce((sum, kind) => sum + kinds[kind], 0),
      kinds: DISK_KINDS.map((kind) => ({ kind, bytes: kinds[kind] })),
      endedWork: { trials: endedTrials, bytes: endedBytes },
      ownWork: [...deps.freer.kept()],
      largest,
    };
    return latest;
  }

  function use(): Promise<DiskUse> {
    measuring ??= measure().finally(() => {
      measuring = null;
    });
    return measuring;
  }

  return {
    use,
    sentence() {
      if (latest === null || deps.nowMs() - latest.measuredAtMs > STALE_MS)
        use().catch((error: unknown) => {
          deps.onError('what takes the room on the disk could not be measured', error);
        });
      return latest === null ? null : sayDiskUse(latest);
    },
  };
}
