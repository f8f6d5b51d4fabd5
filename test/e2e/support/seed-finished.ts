/** Fills a data directory with trials that have ended before an engine starts on it. */
import os from 'node:os';
import process from 'node:process';
import { dataPaths } from '../../../electron/ports/data-dir.ts';
import { ensureWorkstationPool } from '../../../electron/queue/pools.ts';
import { openStore } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { followMetricCells } from '../../../electron/store/cells.ts';
import { insertMetrics } from '../../../electron/store/reports.ts';
import { getTrialRow, insertTrial, updateMainMetric, updateTrial } from '../../../electron/store/trials.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

const MINUTE_MS = 60_000;

/** Trials 1 to `count`, each ended a minute after the one before; every tenth failed; the seed is the number, the loss falls with it. */
export function seedFinished(dataDir: string, count: number): void {
  const store = openStore(dataPaths(dataDir, process.platform, os.tmpdir()).database, { nowMs: () => Date.now() });
  try {
    ensureWorkstationPool(store, os.availableParallelism());
    const firstMs = Date.now() - (count + 1) * MINUTE_MS;
    store.transact('seed finished trials', (tx) => {
      const experimentId = insertExperiment(tx.db, {
        name: 'sweep',
        config: { name: 'sweep', entrypoint: 'python train.py' } as never,
        sealedEnv: null,
        sourceDir: null,
        snapshot: null,
        createdAtMs: firstMs,
        idempotencyKey: null,
      });
      for (let index = 1; index <= count; index += 1) {
        const endedAtMs = firstMs + index * MINUTE_MS;
        const isFailed = index % 10 === 0;
        const row = {
          ...makeTrialRow({ experimentId }),
          name: `sweep-${index}`,
          labels: index === 7 ? ['keeper'] : [],
          hparams: { lr: 0.003, wd: 0.05, seed: index, fold: index % 3 },
          submittedAtMs: endedAtMs - 2 * MINUTE_MS,
        };
        const id = insertTrial(tx.db, row);
        const inserted = getTrialRow(tx.db, id);
        if (inserted === null) throw new Error('the row is not there');
        updateTrial(tx.db, {
          ...inserted,
          state: 'done',
          // No attempt left a log or a directory.
          attempt: 0,
          startedAtMs: endedAtMs - MINUTE_MS,
          endedAtMs,
          outcome: {
            kind: isFailed ? 'failed' : 'completed',
            exitCode: isFailed ? 1 : 0,
            code: 'exit',
            message: isFailed ? 'Exit code 1' : '',
            remedy: null,
          },
        });
        const [best, last] = [1.5 - index / count, 2 - index / count];
        const points = [best, last].map((value, at) => ({ name: 'val_loss', step: at + 1, value, atMs: endedAtMs }));
        insertMetrics(tx.db, id, points);
        followMetricCells(tx.db, id, points);
        updateMainMetric(tx.db, id, { name: 'val_loss', last, best });
      }
    });
  } finally {
    store.close();
  }
}
