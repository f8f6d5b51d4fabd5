/** Rows for tests: a plain queued trial, with whatever a test wants otherwise. */
import type { TrialRow } from '../../electron/store/trials.ts';

export function makeTrialRow(over: Partial<TrialRow> = {}): TrialRow {
  return {
    id: 1, experimentId: 1, name: 'trial', labels: [], poolId: 'workstation', state: 'queued', revision: 1, priority: 42, rank: 'a0',
    spec: {
      argv: ['true'], command: 'true', runtime: 'process', image: null, slots: 0, minFreeMiB: null, gpuName: null, shareMiB: null, preemptible: true, weight: 1, maxSlots: null,
      cpus: null, memoryMiB: null, shmMiB: 64, mounts: [], graceS: 60, timeLimitS: null, maxRestarts: 0, estimatedMs: null,
    },
    estimateKey: 'k', hparams: {}, attempt: 0, restarts: 0, notBeforeMs: null, frozen: false, stop: null, progress: null, step: null, outcome: null,
    submittedAtMs: 0, startedAtMs: null, endedAtMs: null, archived: false, ...over,
  };
}
