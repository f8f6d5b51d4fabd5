/** A database with trials that have parameters and metrics, for tests of the table. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { followMetricCells } from '../../../../electron/store/cells.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { insertMetrics } from '../../../../electron/store/reports.ts';
import { getTrialRow, insertTrial, updateTrial, type TrialRow } from '../../../../electron/store/trials.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

export interface TableLab {
  readonly store: Store;
  /** One experiment with a trial, or one more of an experiment. @param metrics name -> values at step 1, 2, … */
  add(over?: Partial<TrialRow>, metrics?: Readonly<Record<string, readonly number[]>>, command?: string): number;
  experiment(name: string): number;
  close(): void;
}

export function openTableLab(): TableLab {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-table-'));
  const store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
  const experiment = (name: string): number =>
    store.transact('experiment', (tx) =>
      insertExperiment(tx.db, {
        name,
        config: {} as never,
        sealedEnv: null,
        sourceDir: null,
        snapshot: null,
        createdAtMs: 0,
        idempotencyKey: null,
      }),
    );
  return {
    store,
    experiment,
    add(over = {}, metrics = {}, command = 'true') {
      const experimentId = over.experimentId ?? experiment('e');
      return store.transact('add', (tx) => {
        const plain = makeTrialRow({ experimentId });
        const id = insertTrial(tx.db, { ...plain, ...over, experimentId, spec: { ...plain.spec, command } });
        updateTrial(tx.db, { ...(getTrialRow(tx.db, id) as TrialRow), ...over, experimentId, id });
        for (const [name, values] of Object.entries(metrics)) {
          const points = values.map((value, at) => ({ name, step: at + 1, value, atMs: at }));
          insertMetrics(tx.db, id, points);
          followMetricCells(tx.db, id, points);
        }
        return id;
      });
    },
    close() {
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
