/** Free space on the disk with the data directory: below the limit nothing may start, and a notice says so. */
import type { Notices } from '../feed/notices.ts';
import type { HostProbe } from '../ports/host-probe.ts';

/** Less than this is told whatever the limit. */
const ALMOST_FULL_MIB = 256;

export interface DiskWatch {
  /** Why nothing may start, as a sentence; null = there is room. As of the last look. */
  problem(): string | null;
  /** @returns whether the answer is another one now */
  look(): Promise<boolean>;
}

export function createDiskWatch(deps: {
  readonly host: Pick<HostProbe, 'diskFreeMiB'>;
  readonly dataDir: string;
  readonly leastFreeMiB: () => number;
  readonly notices: Pick<Notices, 'raise' | 'lower'>;
}): DiskWatch {
  let problem: string | null = null;
  return {
    problem: () => problem,
    async look() {
      const before = problem;
      const freeMiB = await deps.host.diskFreeMiB(deps.dataDir);
      const limitMiB = deps.leastFreeMiB();
      if (freeMiB !== null && freeMiB < limitMiB) {
        problem = `Only ${Math.floor(freeMiB)} MiB are free on the disk with the data directory; nothing is started below ${limitMiB} MiB.`;
        deps.notices.raise({
          id: 'disk_low',
          level: 'error',
          text: problem,
          remedy: 'Free some space: delete old trials, or move data elsewhere.',
        });
      } else {
        problem = null;
        deps.notices.lower('database');
        // A limit of 0 means "start whatever room there is", not "say nothing when there is none".
        if (freeMiB !== null && freeMiB < ALMOST_FULL_MIB)
          deps.notices.raise({
            id: 'disk_low',
            level: 'error',
            text: `Only ${Math.floor(freeMiB)} MiB are free on the disk with the data directory: what trials save and what changes here may be lost.`,
            remedy: 'Free some space: delete old trials, or move data elsewhere.',
          });
        else deps.notices.lower('disk_low');
      }
      return problem !== before;
    },
  };
}
