/** A trial as the wire shows it, for tests of the UI's pure parts. */
import type { Trial } from '../../../electron/contract/trials.ts';

export function makeTrial(fields: Partial<Trial> & Pick<Trial, 'id'>): Trial {
  return {
    experimentId: 1, name: `trial-${fields.id}`, labels: [], poolId: 'workstation', state: 'queued', revision: 1, priority: 42, rank: 'a0', slots: 1,
    minFreeMiB: null, gpuName: null, shareMiB: null, runtime: 'process', image: null, command: 'true', hparams: {}, attempt: 0, restarts: 0, maxRestarts: 5,
    graceS: 60, timeLimitS: null, submittedAtMs: 0, startedAtMs: null, endedAtMs: null, leaseSlots: [], activity: null, frozen: false, stop: null,
    progress: null, step: null, remainingMs: null, checkpoint: null, outcome: null, archived: false, ...fields,
  };
}
