import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RetentionBody } from '../../../electron/contract/retention.ts';
import { createCheckpointService, type CheckpointService } from '../../../electron/api/services/checkpoint-service.ts';
import { insertCheckpoint, listCheckpoints } from '../../../electron/store/reports.ts';
import { updateMainMetric, type TrialRow } from '../../../electron/store/trials.ts';
import { openTableLab, type TableLab } from './table/lab.ts';

let dir: string;
let lab: TableLab;
let service: CheckpointService;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-retain-'));
  lab = openTableLab();
  service = createCheckpointService({ store: lab.store, trialsDir: dir });
});
afterEach(() => {
  lab.close();
  rmSync(dir, { recursive: true, force: true });
});

const place = (trialId: number, name: string): string => path.join(dir, String(trialId), 'checkpoints', name);

/** A trial with a checkpoint at each step 1, 2, …, whose losses are given. */
function add(over: Partial<TrialRow>, losses: readonly number[]): number {
  const id = lab.add(over, { loss: losses });
  lab.store.transact('checkpoints', (tx) => {
    updateMainMetric(tx.db, id, { name: 'loss', last: losses.at(-1) ?? 0, best: Math.min(...losses) });
    losses.forEach((_, at) => {
      const name = `step-${at + 1}`;
      mkdirSync(place(id, name), { recursive: true });
      writeFileSync(path.join(place(id, name), 'weights'), name);
      insertCheckpoint(tx.db, {
        trialId: id,
        attempt: 1,
        path: name,
        step: at + 1,
        savedAtMs: at,
        sizeBytes: 10,
        metrics: {},
      });
    });
  });
  return id;
}
const names = (trialId: number): string[] => listCheckpoints(lab.store.db, trialId).map((one) => one.path);
const ask = (over: Partial<RetentionBody>) => service.retainCheckpoints(RetentionBody.parse(over));

it('tells what would go and what that frees; only then, and only that, it goes', async () => {
  const experimentId = lab.experiment('sweep');
  const a = add({ experimentId, state: 'done' }, [0.5, 0.2, 0.3, 0.4]);
  const b = add({ experimentId, state: 'done' }, [0.9, 0.8]);
  const other = add({ state: 'done' }, [0.1, 0.2, 0.3]);
  const told = await ask({ experimentId });
  expect(told).toMatchObject({ removed: false, count: 3, stays: 3, freesBytes: 30 });
  expect(told.goes.map((one) => `${one.trialId} ${one.path} ${one.metric}`)).toEqual([
    `${a} step-1 0.5`,
    `${b} step-1 0.9`,
    `${a} step-3 0.3`,
  ]);
  expect(names(a)).toHaveLength(4);
  await ask({ experimentId, remove: true });
  expect([names(a), names(b), names(other).length]).toEqual([['step-2', 'step-4'], ['step-2'], 3]);
  expect([existsSync(place(a, 'step-1')), existsSync(place(a, 'step-2'))]).toEqual([false, true]);
});

it('a pinned one stays, and what a trial that has not ended goes on from', async () => {
  const ended = add({ state: 'done' }, [0.5, 0.2, 0.3]);
  const paused = add({ state: 'paused' }, [0.5, 0.2, 0.3]);
  const first = listCheckpoints(lab.store.db, ended)[0]?.id ?? 0;
  expect(service.pinCheckpoint(first, true).pinned).toBe(true);
  await ask({ saveTrialBest: 0, saveTrialLatest: 0, remove: true });
  expect([names(ended), names(paused)]).toEqual([['step-1'], ['step-3']]);
  service.pinCheckpoint(first, false);
  await ask({ saveTrialBest: 0, saveTrialLatest: 0, remove: true });
  expect(names(ended)).toEqual([]);
  expect(() => service.pinCheckpoint(first, true)).toThrow(/no checkpoint/);
  await expect(ask({ experimentId: 99 })).rejects.toMatchObject({ code: 'not_found' });
});
