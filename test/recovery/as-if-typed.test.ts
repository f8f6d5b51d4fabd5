/** What a program finds when its turn comes: what it would have found where it was submitted. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openYard, refusal } from '../support/yard.ts';

test("a process has the shell's environment and nothing of the engine's; no value is shown or lies open", async () => {
  const yard = await openYard({ env: { HF_HOME: '/of/the/engine' } });
  const { api } = yard.engine;
  const { trialIds, notes } = await api.submit({
    config: {
      runtime: 'process',
      entrypoint: ['env'],
      environment: { environment_variables: { WANDB_MODE: 'online' } },
    },
    source: { kind: 'none' },
    shellEnvironment: {
      PATH: '/usr/bin:/bin',
      HOME: '/h',
      WANDB_MODE: 'offline',
      NCCL_DEBUG: 'x-marks-it',
    },
  });
  const id = trialIds[0] ?? 0;
  expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
  const log = await api.log(id, 1);
  for (const line of ['WANDB_MODE=online', 'NCCL_DEBUG=x-marks-it', 'HOME=/h', 'CUDA_VISIBLE_DEVICES=-1'])
    expect(log).toContain(`${line}\n`);
  expect(log).not.toContain('HF_HOME');

  const detail = await api.trial(id);
  expect(detail.configYaml).toContain('NCCL_DEBUG');
  expect(JSON.stringify([notes, detail])).not.toContain('x-marks-it');
  const files = readdirSync(yard.engine.dataDir).filter((name) => name.includes('.db') || name.includes('.log'));
  for (const name of files)
    expect(readFileSync(path.join(yard.engine.dataDir, name)).includes('x-marks-it'), name).toBe(false);

  // A copy of it runs the same way.
  const copy = await api.call<{ trialIds: number[] }>('POST', `/trials/${id}/duplicate`, {
    config: { runtime: 'process', entrypoint: 'echo $NCCL_DEBUG' },
  });
  await yard.outcomeOf(copy.trialIds[0] ?? 0);
  expect(await api.log(copy.trialIds[0] ?? 0, 1)).toBe('x-marks-it\n');
});

test('a hyperparameter is said once: it reaches the command, a copy changes it there, and a label that lies is refused', async () => {
  const yard = await openYard();
  const { api, dataDir } = yard.engine;
  const config = { entrypoint: ['echo', 'lr is', '{lr}'], hyperparameters: { lr: 0.1 } };
  const first = await yard.submit(config);
  const { config: stored } = await api.trial(first);
  const copy = await api.call<{ trialIds: number[] }>('POST', `/trials/${first}/duplicate`, {
    config: { ...stored, hyperparameters: { lr: 0.2 } },
  });
  const second = copy.trialIds[0] ?? 0;
  await Promise.all([yard.outcomeOf(first), yard.outcomeOf(second)]);
  expect([await api.log(first, 1), await api.log(second, 1)]).toEqual(['lr is 0.1\n', 'lr is 0.2\n']);
  const db = new Sqlite(path.join(dataDir, 'switchyard.db'), { readonly: true });
  expect(db.prepare('SELECT count(DISTINCT estimate_key) FROM trial').pluck().get()).toBe(1);
  db.close();

  const literal = await yard.submit({ entrypoint: 'echo --lr 0.1' }, true);
  const lying = { runtime: 'process', entrypoint: 'echo --lr 0.1', hyperparameters: { lr: 0.2 } };
  const duplicated = api.call('POST', `/trials/${literal}/duplicate`, { config: lying });
  expect(await refusal(duplicated)).toMatchObject({
    path: 'hyperparameters.lr',
    remedy: expect.stringContaining('Write {lr} in the command in place of 0.1') as string,
  });
  expect(await refusal(yard.submit(lying))).toMatchObject({ path: 'hyperparameters.lr' });
});
