/** The remote runtime on a test's machine. */
import type { PoolTarget } from '../../electron/contract/targets.ts';
import type { Destination } from '../../electron/cloud/destination.ts';
import { createRemoteRuntime, type RemoteDeps } from '../../electron/cloud/remote-runtime.ts';
import type { TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { createTarArchives } from '../../native/archives/tar-archives.ts';
import type { AgentMachine } from './agent-machine.ts';
import { ENTRY_DIR, systemClock } from './runtime-lab.ts';

export const TEST_TARGET: PoolTarget = { provider: 'ssh', host: 'elsewhere', root: '~/elsewhere', setup: null };

export function createRemoteRuntimeOn(
  machine: AgentMachine,
  changes: Partial<Destination> = {},
  report: (text: string, error: unknown) => void = () => undefined,
  /** Where its machines come from, if not from `machine`. */
  other?: Pick<RemoteDeps, 'openProvider'> & { readonly places: ReturnType<RemoteDeps['everyPlace']> },
): TrialRuntime {
  return createRemoteRuntime({
    clock: systemClock,
    archives: createTarArchives(),
    destinationOf: () =>
      Promise.resolve({
        poolId: 'elsewhere',
        target: TEST_TARGET,
        choices: [{ region: '', machineType: 'elsewhere', spot: false }],
        machine: null,
        lifeMs: null,
        setup: null,
        graceMs: 10_000,
        timeLimitMs: null,
        ...changes,
      }),
    openProvider: other?.openProvider ?? (() => Promise.resolve(machine.provider())),
    everyPlace: () => other?.places ?? [{ target: TEST_TARGET, region: '' }],
    entryDir: ENTRY_DIR,
    report,
    pace: { lookMs: 100, againMs: 400, quietMs: 1_500 },
  });
}
