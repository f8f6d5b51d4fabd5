/** The rented side of an engine on a database of its own, against a simulated cloud, with a clock that is set by hand. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseCatalogue } from '../../../electron/cloud/catalogue.ts';
import { openCloud, type Cloud } from '../../../electron/cloud/open-cloud.ts';
import type { AwsTarget } from '../../../electron/contract/targets.ts';
import type { MachineRequest } from '../../../electron/ports/provider.ts';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { rankBehind } from '../../../electron/queue/rank.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { getPool, insertPool } from '../../../electron/store/pools.ts';
import { insertTrial } from '../../../electron/store/trials.ts';
import { createAwsOpener } from '../../../native/clouds/aws/aws-opener.ts';
import { openKeyFileBox } from '../../../native/secrets/key-file.ts';
import { makeTrialRow } from '../../fakes/rows.ts';
import { LIST_PRICE } from './aws-lab.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
export const catalogue = parseCatalogue(readFileSync(path.join(ROOT, 'resources/machine-types.json'), 'utf8'));

export const TARGET: AwsTarget = {
  provider: 'aws',
  account: 'lab',
  regions: ['us-east-1'],
  machineType: 'm7i.large',
  spot: false,
  maxPricePerHourUsd: null,
  diskGiB: 50,
  image: null,
  setup: null,
  timeLimitHours: 1,
  maxMachines: 2,
  budgetPerTrialUsd: null,
  budgetPerMonthUsd: null,
};

export interface CloudLab {
  readonly store: Store;
  readonly cloud: Cloud;
  readonly reported: string[];
  readonly close: () => void;
}

/** Opens it on a directory, which is then as another start of the engine finds it. */
export function openCloudLab(dir: string, nowMs: () => number, target: AwsTarget = TARGET): CloudLab {
  const store = openStore(path.join(dir, 'switchyard.db'), { nowMs });
  ensureWorkstationPool(store, 2);
  const reported: string[] = [];
  if (getPool(store.db, 'aws') === null)
    store.transact('lab', (tx) => {
      const here = getPool(tx.db, 'workstation');
      if (here === null) throw new Error('no workstation');
      insertPool(tx.db, { ...here, id: 'aws', name: 'aws', isDefault: false, target });
      const experimentId = insertExperiment(tx.db, {
        name: 'e',
        config: {} as never,
        sealedEnv: null,
        sourceDir: null,
        snapshot: null,
        createdAtMs: 0,
        idempotencyKey: null,
      });
      insertTrial(tx.db, { ...makeTrialRow({ experimentId, poolId: 'aws' }), rank: rankBehind(null) });
    });
  const cloud = openCloud({
    store,
    secrets: openKeyFileBox(path.join(dir, 'secret.key')),
    catalogue,
    clock: { nowMs, monotonicMs: nowMs } as never,
    engineId: 'e1',
    opener: createAwsOpener({ agentFile: path.join(ROOT, 'package.json'), listPrice: () => LIST_PRICE, nowMs }),
    report: (text, error) => reported.push(`${text}: ${String(error)}`),
  });
  return {
    store,
    cloud,
    reported,
    close() {
      cloud.close();
      store.close();
    },
  };
}

export function requestAt(nowMs: number, attempt = 1): MachineRequest {
  return {
    attemptId: `e1-t1-a${attempt}`,
    engineId: 'e1',
    choice: { region: 'us-east-1', machineType: 'm7i.large', spot: false },
    machine: { image: null, diskGiB: 50, maxPricePerHourUsd: null },
    requestedAtMs: nowMs,
    deadlineMs: nowMs + 3_600_000,
    prefix: `e1-t1-a${attempt}/`,
    specSha256: '0'.repeat(64),
    reads: [],
  };
}
