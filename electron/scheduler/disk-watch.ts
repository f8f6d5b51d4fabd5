/** Free space on the disk with the data directory: below the limit nothing may start, and a notice says so. */
import type { Notices } from '../feed/notices.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import { sayMemory } from '../text/say.ts';

const REMEDY =
  'Free some space: "switchyard disk" shows what takes it, "switchyard disk --free work" gives back what can be made anew; ' +
  'delete old trials, or move data elsewhere.';
/** Less than this is told whatever the limit. */
const ALMOST_FULL_MIB = 256;

export interface DiskWatch {
  /** Why nothing may start, as a sentence; null = there is room. As of the last look. */
  problem(): string | null;
  /** Whether there is so little room that what can be done without goes at once. As of the last look. */
  isFilling(): boolean;
  /** @returns whether the answer is another one now */
  look(): Promise<boolean>;
}

/** From here on it is told what takes the room, while there is still some. */
const FILLING_MIB = 5 * 1024;
const FILLING_PART = 0.1;

/** @returns whether so little is free that something should be done about it. Pure. */
export function isFilling(disk: { readonly freeMiB: number; readonly totalMiB: number }, limitMiB: number): boolean {
  return disk.freeMiB < Math.max(2 * limitMiB, Math.min(FILLING_MIB, disk.totalMiB * FILLING_PART));
}

export function createDiskWatch(deps: {
  readonly host: Pick<HostProbe, 'disk'>;
  readonly dataDir: string;
  readonly leastFreeMiB: () => number;
  /** A sentence without its full stop about what takes the room; null when that is not known yet. */
  readonly useText: () => string | null;
  readonly notices: Pick<Notices, 'raise' | 'lower'>;
}): DiskWatch {
  let problem: string | null = null;
  let filling = false;

  const withUse = (text: string): string => {
    const use = deps.useText();
    return use === null ? text : `${text} ${use}.`;
  };

  return {
    problem: () => problem,
    isFilling: () => filling,
    async look() {
      const before = problem;
      const disk = await deps.host.disk(deps.dataDir);
      const limitMiB = deps.leastFreeMiB();
      filling = disk !== null && isFilling(disk, limitMiB);
      if (disk !== null && disk.freeMiB < limitMiB) {
        problem = `Only ${Math.floor(disk.freeMiB)} MiB are free on the disk with the data directory; nothing is started below ${limitMiB} MiB.`;
        deps.notices.raise({ id: 'disk_low', level: 'error', text: withUse(problem), remedy: REMEDY });
        return problem !== before;
      }
      problem = null;
      deps.notices.lower('database');
      // A limit of 0 means "start whatever room there is", not "say nothing when there is none".
      if (disk !== null && disk.freeMiB < ALMOST_FULL_MIB) {
        const text = `Only ${Math.floor(disk.freeMiB)} MiB are free on the disk with the data directory: what trials save and what changes here may be lost.`;
        deps.notices.raise({ id: 'disk_low', level: 'error', text: withUse(text), remedy: REMEDY });
      } else if (disk !== null && filling) {
        const text = `The disk with the data directory fills up: ${sayMemory(disk.freeMiB)} of ${sayMemory(disk.totalMiB)} are free.`;
        deps.notices.raise({ id: 'disk_low', level: 'warning', text: withUse(text), remedy: REMEDY });
      } else deps.notices.lower('disk_low');
      return problem !== before;
    },
  };
}
