/** What a program finds when its turn comes: what it would have found where it was submitted. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { waitUntil } from '../support/processes.ts';
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

test('data that an ignore file names: its absence is told at submit and at the end, and a link shows it', async () => {
  const yard = await openYard();
  const { api, dataDir } = yard.engine;
  const project = path.join(yard.dir, 'project');
  mkdirSync(path.join(project, 'data'), { recursive: true });
  writeFileSync(path.join(project, '.gitignore'), 'data/\n');
  writeFileSync(path.join(project, 'data', 'a.csv'), 'of the original');
  const submit = (config: Readonly<Record<string, unknown>>) =>
    api.submit({
      config: { runtime: 'process', entrypoint: ['cat', 'data/a.csv'], ...config },
      source: { kind: 'directory', path: project },
    });
  const plain = await submit({});
  expect(plain.notes.join('\n')).toMatch(/data\/ \(.* in \.gitignore\).*"--link data"/);
  expect(await yard.outcomeOf(plain.trialIds[0] ?? 0)).toMatchObject({
    kind: 'failed',
    remedy: expect.stringMatching(
      /project has data\/a\.csv, but .*\.gitignore\).*--link data to show it there\.$/,
    ) as string,
  });
  const linked = await submit({ links: ['data'] });
  expect(linked.notes.join('\n')).toContain(`Not copied but shown: ${project}/data.`);
  const id = linked.trialIds[0] ?? 0;
  expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
  expect(await api.log(id, 1)).toBe('of the original');
  expect((await api.trial(id)).snapshotInfo?.leftOut).toEqual([]);

  // Deleting the trial does not follow its link.
  await api.act({ action: 'delete', trialIds: [id] });
  await waitUntil('its files are gone', () => !existsSync(path.join(dataDir, 'trials', String(id))) || undefined);
  expect(readFileSync(path.join(project, 'data', 'a.csv'), 'utf8')).toBe('of the original');
  for (const dir of [dataDir, yard.dir, path.join(dataDir, 'trials')])
    expect(await refusal(submit({ links: [dir] }))).toMatchObject({ code: 'mount_refused' });
});

test('a program that asks a question is told that nobody answers', async () => {
  const yard = await openYard();
  const id = await yard.submit({ entrypoint: ['python3', '-c', 'input("Go on? ")'] });
  expect(await yard.outcomeOf(id)).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('EOFError') as string,
    remedy: expect.stringContaining('no terminal') as string,
  });
});
