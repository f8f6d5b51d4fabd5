/** What is looked after with time alone: free disk space, jumps of the clock, and the beat for log caps and draining pools. */
import type { Notices } from '../feed/notices.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostProbe } from '../ports/host-probe.ts';

const BEAT_MS = 5_000;
const CLOCK_JUMP_MS = 60_000;

export interface HousekeepingDeps {
  readonly clock: Clock;
  readonly host: HostProbe;
  readonly dataDir: string;
  readonly minFreeDiskMiB: () => number;
  readonly notices: Notices;
  /** The sentence why nothing may start, or null. */
  readonly onDisk: (problem: string | null) => void;
  readonly onBeat: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** @returns the function that ends it */
export function startHousekeeping(deps: HousekeepingDeps): () => void {
  let wallMs = deps.clock.nowMs();
  let steadyMs = deps.clock.monotonicMs();
  let busy = false;

  async function beat(): Promise<void> {
    const nowMs = deps.clock.nowMs();
    const jumpMs = nowMs - wallMs - (deps.clock.monotonicMs() - steadyMs);
    wallMs = nowMs;
    steadyMs = deps.clock.monotonicMs();
    if (Math.abs(jumpMs) > CLOCK_JUMP_MS) {
      deps.notices.raise({
        id: 'clock_jump',
        level: 'info',
        text: `The clock of this machine jumped ${jumpMs > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(jumpMs) / 60_000)} min. Time limits go on as before; times shown from before may be off.`,
        remedy: null,
      });
    }
    const freeMiB = await deps.host.diskFreeMiB(deps.dataDir);
    const limitMiB = deps.minFreeDiskMiB();
    if (freeMiB !== null && freeMiB < limitMiB) {
      const text = `Only ${Math.floor(freeMiB)} MiB are free on the disk with the data directory; nothing is started below ${limitMiB} MiB.`;
      deps.notices.raise({
        id: 'disk_low',
        level: 'error',
        text,
        remedy: 'Free some space: delete old trials, or move data elsewhere.',
      });
      deps.onDisk(text);
    } else {
      deps.notices.lower('disk_low');
      deps.notices.lower('database');
      deps.onDisk(null);
    }
    await deps.onBeat();
  }

  function run(): void {
    if (busy) return;
    busy = true;
    beat()
      .catch(deps.onError)
      .finally(() => {
        busy = false;
      });
  }
  run();
  const timer = setInterval(run, BEAT_MS);
  return () => {
    clearInterval(timer);
  };
}
