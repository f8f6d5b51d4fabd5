import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPoolService } from '../../../electron/api/services/pool-service.ts';
import { CreatePoolBody } from '../../../electron/contract/pools.ts';
import { PoolTarget, type SshTarget, type TargetCheck } from '../../../electron/contract/targets.ts';
import {
  changeSlot,
  createPool,
  deletePool,
  ensureWorkstationPool,
  updatePool,
} from '../../../electron/queue/pools.ts';
import { insertAttempt } from '../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../electron/store/database.ts';
import { insertExperiment } from '../../../electron/store/experiments.ts';
import { getPool, listPools } from '../../../electron/store/pools.ts';
import { getTrialRow, insertTrial, updateTrial } from '../../../electron/store/trials.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

const target: SshTarget = { provider: 'ssh', host: 'gpu-box', root: '~/.switchyard-agent', setup: null };
const KNOWN = new Set(['GPU-1']);
let dir: string;
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-pools-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  ensureWorkstationPool(store, 8);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('one machine is one pool: its GPUs are given away once', () => {
  createPool(store, { name: 'Box', target }, 64, KNOWN);
  const second = { name: 'Two', target: { ...target, root: '~/other' } };
  expect(() => createPool(store, second, 64, KNOWN)).toThrow(/Pool Box is on gpu-box already/);
  deletePool(store, 'box');
  expect(createPool(store, second, 64, KNOWN).id).toBe('two');
});

test('a pool in the cloud runs as many trials without a GPU as it may have machines', () => {
  const aws = PoolTarget.parse({
    provider: 'aws',
    account: 'lab',
    regions: ['eu-central-1'],
    machineType: 'm7i.large',
    maxMachines: 3,
  });
  expect(createPool(store, { name: 'Cloud', target: aws }, 2, KNOWN).settings.maxCpuTrials).toBe(3);
});

test('a pool elsewhere claims no GPU of the workstation and stays where it is', () => {
  expect(() => createPool(store, { name: 'Box', gpuUuids: ['GPU-1'], target }, 64, KNOWN)).toThrow(/another machine/);
  const made = createPool(store, { name: 'Box', target }, 64, KNOWN);
  expect(made).toMatchObject({ id: 'box', kind: 'ssh', target, settings: { maxCpuTrials: 32 } });
  expect(() => updatePool(store, 'box', { gpuUuids: ['GPU-1'] }, KNOWN)).toThrow(/another machine/);
  expect(() => {
    changeSlot(store, 'GPU-1', { poolId: 'box' }, KNOWN);
  }).toThrow(/another machine/);
  expect(() => updatePool(store, 'box', { target: { ...target, host: 'other' } }, KNOWN)).toThrow(/stays where it is/);
  expect(() => updatePool(store, 'workstation', { target }, KNOWN)).toThrow(/stays where it is/);
  updatePool(store, 'box', { target: { ...target, setup: 'source env/bin/activate' } }, KNOWN);
  expect(getPool(store.db, 'box')?.target).toMatchObject({ setup: 'source env/bin/activate' });
});

test('a pool is not removed while a trial is on its way home from a machine elsewhere', () => {
  createPool(store, { name: 'Box', target }, 64, KNOWN);
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
    const made = insertTrial(tx.db, { ...makeTrialRow({ experimentId }), poolId: 'box' });
    insertAttempt(tx.db, {
      trialId: made,
      number: 1,
      key: 'k',
      runtime: 'remote',
      slots: [],
      tokenHash: 'h',
      createdAtMs: 0,
      progressAtStart: 0,
    });
    const row = getTrialRow(tx.db, made);
    if (row !== null)
      updateTrial(tx.db, {
        ...row,
        poolId: 'workstation',
        state: 'stopping',
        attempt: 1,
        stop: { kind: 'move', askedAtMs: 0, killAtMs: null },
      });
    return made;
  });
  expect(() => {
    deletePool(store, 'box');
  }).toThrow(`#${id} is still on the way from a machine elsewhere.`);
  store.transact('arrive', (tx) => {
    const row = getTrialRow(tx.db, id);
    if (row !== null) updateTrial(tx.db, { ...row, state: 'queued', stop: null });
  });
  deletePool(store, 'box');
  expect(getPool(store.db, 'box')).toBeNull();
});

describe('what is looked at before it is made', () => {
  const serve = (check: TargetCheck) =>
    createPoolService({ store, cpuCount: 8, knownUuids: () => KNOWN, checkTarget: () => Promise.resolve(check) });
  const machine = { hostname: 'b', workDir: '/w', cpuCount: 32, memoryMiB: null, diskFreeMiB: null, gpus: [] };

  test('a fault is told with its remedy, and nothing is kept', async () => {
    const findings = [
      { id: 'ssh', level: 'ok' as const, text: 'Reached.', remedy: null },
      { id: 'python', level: 'error' as const, text: 'No Python there.', remedy: 'Type: apt install python3' },
    ];
    const refused = serve({ usable: false, findings, machine }).createPool({
      name: 'Box',
      gpuUuids: [],
      settings: {},
      target,
    });
    await expect(refused).rejects.toMatchObject({
      code: 'target_unusable',
      message: 'No Python there.',
      remedy: 'Type: apt install python3',
    });
    expect(listPools(store.db)).toHaveLength(1);
  });

  test('what can be used becomes a pool with the processors of that machine', async () => {
    const made = await serve({ usable: true, findings: [], machine }).createPool({
      name: 'Box',
      gpuUuids: [],
      settings: {},
      target,
    });
    expect(made.settings.maxCpuTrials).toBe(16);
  });
});

describe('targets as they come in', () => {
  test.each(['-oProxyCommand=x', 'a b', 'anna@', 'x\ny', '', 'host;rm', 'a@-b', '-l@b'])('no host: %j', (host) => {
    expect(PoolTarget.safeParse({ provider: 'ssh', host }).success).toBe(false);
  });
  test.each(['gpu-box', 'anna@gpu-box.example.org', '10.0.0.7', 'fe80::1%eth0', 'root@::1'])('a host: %s', (host) => {
    expect(PoolTarget.safeParse({ provider: 'ssh', host }).success).toBe(true);
  });
  test.each(['relative', '/a/../b', '~', '/a\nb', '~/./x'])('no directory: %j', (root) => {
    expect(PoolTarget.safeParse({ provider: 'ssh', host: 'h', root }).success).toBe(false);
  });
  test('an unknown key is refused; a pool without a target is one of the workstation', () => {
    expect(PoolTarget.safeParse({ provider: 'ssh', host: 'h', password: 'x' }).success).toBe(false);
    expect(CreatePoolBody.parse({ name: 'x' }).target).toBeNull();
  });
});
