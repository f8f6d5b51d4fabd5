/** What a program finds when its turn comes: what it would have found where it was submitted. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openYard } from '../support/yard.ts';

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
