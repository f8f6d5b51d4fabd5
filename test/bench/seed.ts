/** Fills a data directory with a long queue before an engine starts on it: 100,000 submits would take minutes, their rows take seconds. */
import os from 'node:os';
import { dataPaths } from '../../electron/ports/data-dir.ts';
import { ensureWorkstationPool, WORKSTATION_POOL_ID } from '../../electron/queue/pools.ts';
import { rankBehind } from '../../electron/queue/rank.ts';
import { openStore, type Tx } from '../../electron/store/database.ts';
import { insertExperiment } from '../../electron/store/experiments.ts';
import { insertTrial } from '../../electron/store/trials.ts';

/** Rows of one transaction; the journal of all of them at once would be larger than the database. */
const BATCH = 10_000;
/** Trials that share a command, and with it the estimate of their duration. */
const PER_COMMAND = 50;

interface Seed {
  readonly name: string;
  readonly argv: readonly string[];
  readonly priority: number;
  readonly rank: string;
  readonly estimateKey: string;
}

/** One experiment with its trial, as a submit leaves them. The trial asks for one GPU. */
function insertSubmit(tx: Tx, { name, argv, priority, rank, estimateKey }: Seed): number {
  const experimentId = insertExperiment(tx.db, {
    name,
    sealedEnv: null,
    sourceDir: null,
    snapshot: null,
    createdAtMs: tx.nowMs,
    idempotencyKey: null,
    config: {
      name,
      entrypoint: [...argv],
      labels: [],
      runtime: 'process',
      environment: { environment_variables: {} },
      resources: { slots: 1, weight: 1, preemptible: true, estimated_minutes: 30 },
      mounts: [],
      links: [],
      set_params: [],
      hyperparameters: {},
      max_restarts: 5,
      grace_period_s: 60,
    },
  });
  const trialId = insertTrial(tx.db, {
    experimentId,
    name,
    labels: [],
    poolId: WORKSTATION_POOL_ID,
    state: 'queued',
    priority,
    rank,
    estimateKey,
    hparams: {},
    submittedAtMs: tx.nowMs,
    spec: {
      argv,
      command: argv.join(' '),
      runtime: 'process',
      image: null,
      ask: { slots: 1, minFreeMiB: 8_192, gpuName: null, shareMiB: null },
      terms: { preemptible: true, weight: 1, maxSlots: null },
      limits: { cpus: null, memoryMiB: null, shmMiB: 8_192 },
      mounts: [],
      graceS: 60,
      timeLimitS: null,
      maxRestarts: 5,
      estimatedMs: 1_800_000,
    },
  });
  tx.emit({ type: 'trial.submitted', trialId, text: 'Submitted' });
  return trialId;
}

/**
 * Creates the database in an existing directory: `blockers` trials that sleep, ahead of everything, and `count` that wait behind them.
 * @returns the id of the last in line, 0 when nobody waits
 */
export function seedQueue(dataDir: string, blockers: number, count: number): number {
  const store = openStore(dataPaths(dataDir, process.platform, os.tmpdir()).database, { nowMs: () => Date.now() });
  try {
    ensureWorkstationPool(store, os.availableParallelism());
    let rank: string | null = null;
    let lastId = 0;
    store.transact('seed blockers', (tx) => {
      for (let index = 0; index < blockers; index++) {
        rank = rankBehind(rank);
        insertSubmit(tx, {
          name: `blocker ${index}`,
          argv: ['sleep', '3600'],
          priority: 1,
          rank,
          estimateKey: 'blocker',
        });
      }
    });
    for (let from = 0; from < count; from += BATCH) {
      store.transact('seed queue', (tx) => {
        for (let index = from; index < Math.min(count, from + BATCH); index++) {
          rank = rankBehind(rank);
          const argv = [
            'python',
            'train.py',
            '--lr',
            (0.0001 * (1 + (index % PER_COMMAND))).toFixed(4),
            '--fold',
            String(Math.floor(index / PER_COMMAND)),
          ];
          lastId = insertSubmit(tx, {
            name: `sweep ${index}`,
            argv,
            priority: 42,
            rank,
            estimateKey: `seed-${index % PER_COMMAND}`,
          });
        }
      });
    }
    return lastId;
  } finally {
    store.close();
  }
}
