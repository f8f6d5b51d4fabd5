/** Bad input: a clear error that says what to do, nothing changed, nothing lost. On a real engine, through its API. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import type { SubmitBodyInput } from '../../electron/contract/config.ts';
import type { Problem } from '../../electron/contract/errors.ts';
import type { SubmitCheck } from '../../electron/contract/form.ts';
import { openYard, refusal, type Yard } from '../support/yard.ts';

const ok = { entrypoint: 'true', runtime: 'process' } as const;

async function submitRefused(
  { engine }: Yard,
  config: SubmitBodyInput['config'],
  source: SubmitBodyInput['source'] = { kind: 'none' },
): Promise<Problem> {
  const problem = await refusal(engine.api.submit({ config, source }));
  expect(problem.detail.length).toBeGreaterThan(15);
  expect(await engine.api.trials()).toEqual([]);
  return problem;
}

describe('a configuration nobody can run', () => {
  test('is refused key by key, with what exists and what was meant', async () => {
    const yard = await openYard({ gpus: [{ name: 'NVIDIA Fake A' }, { name: 'NVIDIA Fake B' }] });
    const slots = (value: unknown) => submitRefused(yard, { ...ok, resources: { slots: value } });
    expect(await slots(3)).toMatchObject({
      code: 'too_many_slots',
      path: 'resources.slots',
      detail: expect.stringMatching(/3 GPUs.*2: GPU 0 \(NVIDIA Fake A\), GPU 1 \(NVIDIA Fake B\)/),
      remedy: expect.stringContaining('fewer'),
    });
    expect(await slots(-1)).toMatchObject({
      status: 400,
      path: 'resources.slots',
      detail: expect.stringContaining('-1'),
    });
    expect(await slots(1.5)).toMatchObject({ status: 400, path: 'resources.slots' });
    expect(await slots('two')).toMatchObject({ status: 400, path: 'resources.slots' });

    expect(await submitRefused(yard, { ...ok, resources: { slot: 1 } })).toMatchObject({
      code: 'unknown_key',
      detail: expect.stringContaining('slots'),
    });
    expect(await submitRefused(yard, { ...ok, entrypont: 'x' })).toMatchObject({
      code: 'unknown_key',
      detail: expect.stringContaining('entrypoint'),
    });
    expect(
      await submitRefused(yard, { ...ok, resources: { slots: 1, min_gpu_memory: '20 gigabananas' } }),
    ).toMatchObject({ status: 400, path: 'resources.min_gpu_memory', detail: expect.stringContaining('gigabananas') });
    for (const priority of [0, 100, -3, 1.5, 'high']) {
      expect(await submitRefused(yard, { ...ok, resources: { priority } })).toMatchObject({
        code: 'invalid_priority',
        status: 400,
        path: 'resources.priority',
        detail: expect.stringMatching(/1 (and|to) 99/),
      });
    }
    expect(await submitRefused(yard, { ...ok, resources: { pool: 'workstatoin' } })).toMatchObject({
      status: 400,
      detail: expect.stringContaining('workstation'),
    });
    expect(await submitRefused(yard, { runtime: 'process' })).toMatchObject({
      status: 400,
      detail: expect.stringContaining('entrypoint'),
    });
    expect(await submitRefused(yard, { entrypoint: 'true', environment: { image: 'python:3-slim' } })).toMatchObject({
      code: 'runtime_unavailable',
      remedy: expect.stringContaining('doctor'),
    });

    // After all that the yard works as before; 0 slots is a trial without a GPU.
    const id = await yard.submit({ ...ok, resources: { slots: 0 } });
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
  });
});

describe('a directory that cannot be frozen', () => {
  test('missing, not a directory, over the limit: said with what to do', async () => {
    const yard = await openYard();
    const freeze = (dir: string) => submitRefused(yard, ok, { kind: 'directory', path: dir });
    expect(await freeze(path.join(yard.dir, 'nowhere'))).toMatchObject({
      code: 'directory_missing',
      detail: expect.stringContaining('nowhere'),
    });
    const file = path.join(yard.dir, 'file.txt');
    writeFileSync(file, 'x');
    expect(await freeze(file)).toMatchObject({ status: 400, detail: expect.stringContaining('file.txt') });

    await yard.engine.api.call('PATCH', '/settings', { snapshotLimitMiB: 1 });
    const big = path.join(yard.dir, 'big');
    mkdirSync(path.join(big, 'data'), { recursive: true });
    writeFileSync(path.join(big, 'train.py'), 'print(1)\n');
    writeFileSync(path.join(big, 'data', 'images.bin'), Buffer.alloc(3 * 1024 * 1024));
    const tooLarge = await freeze(big);
    expect(tooLarge).toMatchObject({ code: 'snapshot_too_large', status: 400 });
    expect(`${tooLarge.detail} ${tooLarge.remedy ?? ''}`).toMatch(/data\/images\.bin[^]*(mount|ignore)/i);
  });

  test.skipIf(process.getuid?.() === 0)('one it may not read is named (needs a user that is not root)', async () => {
    const yard = await openYard();
    const secret = path.join(yard.dir, 'secret');
    mkdirSync(secret);
    writeFileSync(path.join(secret, 'a'), 'a');
    chmodSync(secret, 0);
    const problem = await submitRefused(yard, ok, { kind: 'directory', path: secret });
    chmodSync(secret, 0o700);
    expect(problem).toMatchObject({ code: 'directory_unreadable', detail: expect.stringContaining('secret') });
  });
});

describe('actions that come too late or twice', () => {
  test('a finished trial is not moved; the batch it is in is left alone', async () => {
    const { engine, submit, outcomeOf } = await openYard();
    const [done, first, second] = [await submit(ok), await submit(ok, true), await submit(ok, true)];
    await outcomeOf(done);
    const alone = await refusal(engine.api.act({ action: 'move', trialIds: [done], to: { place: 'top' } }));
    expect(alone).toMatchObject({
      code: 'illegal_state',
      status: 409,
      detail: `#${done} cannot be moved: it is completed.`,
    });
    const batch = await refusal(engine.api.act({ action: 'move', trialIds: [second, done], to: { place: 'top' } }));
    expect(batch).toMatchObject({
      code: 'batch_refused',
      detail: expect.stringContaining('Nothing was changed'),
      items: [{ id: done, code: 'illegal_state' }],
    });
    const line = (await engine.api.trials()).filter((trial) => trial.state === 'paused').map(({ id }) => id);
    expect(line).toEqual([first, second]);
    expect(
      await refusal(engine.api.act({ action: 'move', trialIds: [second], to: { place: 'ahead', anchorId: done } })),
    ).toMatchObject({ code: 'invalid_place' });
    expect(await refusal(engine.api.act({ action: 'priority', trialIds: [second], priority: 100 }))).toMatchObject({
      status: 400,
      detail: expect.stringContaining('between 1 and 99'),
    });
    expect(await refusal(engine.api.act({ action: 'pause', trialIds: [999] }))).toMatchObject({
      code: 'not_found',
      detail: 'There is no trial #999.',
    });
  });

  test('of two clients that move the same trial one is told that it looked at an old state', async () => {
    const { engine, submit } = await openYard();
    const ids = [await submit(ok, true), await submit(ok, true), await submit(ok, true)];
    const moved = ids[2] ?? 0;
    const { revision } = (await engine.api.trial(moved)).trial;
    const move = (place: 'top' | 'bottom') =>
      engine.api.act({ action: 'move', trialIds: [moved], to: { place }, expectedRevisions: { [moved]: revision } });
    const answers = await Promise.allSettled([move('top'), move('bottom')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const again = await refusal(move('bottom'));
    expect(again).toMatchObject({
      code: 'stale_revision',
      status: 409,
      detail: expect.stringContaining(`#${moved} was changed meanwhile`),
      remedy: expect.stringContaining('Look at it again'),
    });
    expect((await engine.api.trial(moved)).history.filter(({ type }) => type === 'trial.moved')).toHaveLength(1);
  });
});

describe('a form', () => {
  test('is told what a submit would be refused with, before the submit and by the submit itself', async () => {
    const yard = await openYard();
    const project = path.join(yard.dir, 'project');
    mkdirSync(project);
    writeFileSync(path.join(project, 'train.py'), '');
    const source = { kind: 'directory', path: project } as const;
    const { call } = yard.engine.api;
    const check = (config: SubmitBodyInput['config'], from: SubmitBodyInput['source'] = source) =>
      call<SubmitCheck>('POST', '/form/check', { config, source: from });
    const wrong = { entrypoint: ['sh', 'tarin.sh'], runtime: 'process' };
    writeFileSync(path.join(project, 'train.sh'), 'true');
    const { problem } = await check(wrong);
    expect(problem).toMatchObject({
      code: 'command_missing',
      path: 'entrypoint',
      remedy: 'train.sh is there: write train.sh instead of tarin.sh.',
    });
    expect(await submitRefused(yard, wrong, source)).toEqual(problem);
    expect(await check({ entrypoint: 'sh train.sh', runtime: 'process', labels: ['a'] })).toMatchObject({
      problem: null,
    });
    expect((await check(ok, { kind: 'directory', path: `${project}/gone` })).problem).toMatchObject({
      code: 'directory_missing',
    });
    expect((await check({ ...ok, resorces: {} })).problem).toMatchObject({ code: 'unknown_key' });
    expect(await yard.engine.api.trials()).toEqual([]);
    await yard.engine.api.submit({ config: { ...ok, labels: ['mine'] }, source });
    expect(await call('GET', '/form/recent')).toEqual({ directories: [project], labels: ['mine'] });
    expect(await call('GET', `/form/directories?typed=${encodeURIComponent(`${yard.dir}/pro`)}`)).toEqual({
      directory: yard.dir,
      directories: [{ name: 'project', path: project }],
      more: false,
    });
    expect(await call('GET', `/form/environments?directory=${encodeURIComponent(project)}`)).toHaveProperty(
      'environments',
    );
    expect(await refusal(call('GET', '/form/environments?directory=relative'))).toMatchObject({ status: 400 });
  });
});
