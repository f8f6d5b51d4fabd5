import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { getAttempt, insertAttempt, markLaunched, type AttemptRow } from '../../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { getTrialRow, insertTrial, type TrialRow } from '../../../../electron/store/trials.ts';
import { createPreparation } from '../../../../electron/trials/attempts/prepare.ts';
import { createAttemptTokens } from '../../../../electron/trials/attempts/tokens.ts';
import { createFakeMachine } from '../../../fakes/runtime.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-prepare-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A trial that has a link where its snapshot has a file. */
function add(original: string): TrialRow {
  const id = store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: 'snap',
      createdAtMs: 0,
      idempotencyKey: null,
    });
    const row = makeTrialRow({ experimentId });
    const links = [{ hostPath: original, at: 'data', readOnly: true }];
    return insertTrial(tx.db, { ...row, spec: { ...row.spec, links } });
  });
  return getTrialRow(store.db, id) as TrialRow;
}

function attemptOf(trialId: number, number: number): AttemptRow {
  store.transact('attempt', ({ db }) => {
    const row = { trialId, number, key: `k${number}`, runtime: 'process' as const, slots: [], tokenHash: `t${number}` };
    insertAttempt(db, { ...row, createdAtMs: 1, progressAtStart: 0 });
    markLaunched(db, trialId, number, 'ref', 2);
  });
  return getAttempt(store.db, trialId, number) as AttemptRow;
}

it('shows a link also in a copy that is made anew for a later attempt, never what the snapshot has in its place', async () => {
  const original = path.join(dir, 'original');
  mkdirSync(original);
  writeFileSync(path.join(original, 'x'), 'original');
  const runtime = createFakeMachine({ clock: { nowMs: () => 1000, monotonicMs: () => 0 } }).runtime('process');
  const preparation = createPreparation({
    store,
    trialsDir: path.join(dir, 'trials'),
    engineId: 'e',
    helperDir: '/helper',
    secrets: { seal: (text) => text, open: (text) => text },
    user: { uid: 1, gid: 1 },
    runtimes: new Map([['process', runtime]]),
    apiUrl: async () => null,
    bootId: 'boot',
    materialize: async (_snapshot, to) => {
      await mkdir(path.join(to, 'data'), { recursive: true });
      await writeFile(path.join(to, 'data', 'x'), 'frozen');
    },
    setParameters: async () => ({}),
    tokens: createAttemptTokens(),
  });
  const trial = add(original);
  const work = path.join(dir, 'trials', String(trial.id), 'work');
  const seen = async (number: number): Promise<string> => {
    await preparation.prepare(trial, attemptOf(trial.id, number));
    return readFileSync(path.join(work, 'data', 'x'), 'utf8');
  };
  expect(await seen(1)).toBe('original');
  expect(await seen(2)).toBe('original');
  // Given back when it had ended.
  rmSync(work, { recursive: true });
  expect(await seen(3)).toBe('original');
});
