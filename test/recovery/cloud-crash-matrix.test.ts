/**
 * The engine dies before and after every call to a cloud and before every change of its books, each with every fault of the cloud.
 * Enumerated, not sampled. Afterwards, always: one machine at most was made, none is left, and the books say so because they looked.
 *
 * SWITCHYARD_MATRIX=all runs all of it; else every tenth point of each fault.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, expect, it } from 'vitest';
import { ProviderError, type MachineRequest } from '../../electron/ports/provider.ts';
import { putAccount } from '../../electron/store/cloud-accounts.ts';
import { openKeyFileBox } from '../../native/secrets/key-file.ts';
import { openCloudLab, requestAt, TARGET, type CloudLab } from '../support/cloud/cloud-lab.ts';
import { startSimCloud, type SimCloud, type SimFault } from '../support/cloud/sim-cloud.ts';

const FAULTS: Readonly<Record<string, (sim: SimCloud) => void>> = {
  'no fault': () => undefined,
  'the answer to the start is lost once': (sim) => push(sim, { on: 'RunInstances', kind: 'lost' }),
  'every answer to the start is lost': (sim) => push(sim, { on: 'RunInstances', kind: 'lost', times: 4 }),
  'nobody sees the machine for a minute and a half': (sim) => (sim.ec2.hideNewForMs = 90_000),
  'the answer is lost and nobody sees it': (sim) => {
    sim.ec2.hideNewForMs = 90_000;
    push(sim, { on: 'RunInstances', kind: 'lost', times: 4 });
  },
  'the start fails inside of the cloud': (sim) =>
    push(sim, { on: 'RunInstances', kind: 'refuse', code: 'InternalError', status: 500, times: 4 }),
  'no capacity in the first region': (sim) => sim.ec2.noCapacity.add('us-east-1 m7i.large'),
  'credentials expire in the middle': (sim) =>
    push(sim, { on: 'DescribeInstances', kind: 'refuse', code: 'RequestExpired', status: 400, times: 2 }),
  throttled: (sim) =>
    push(sim, { on: 'DescribeInstances', kind: 'refuse', code: 'RequestLimitExceeded', status: 503, times: 5 }),
  'ending is refused for some minutes': (sim) =>
    push(sim, { on: 'TerminateInstances', kind: 'refuse', code: 'InternalError', status: 500, times: 9 }),
  'the answer to the end is lost': (sim) => push(sim, { on: 'TerminateInstances', kind: 'lost', times: 4 }),
  'an upload is cut': (sim) => push(sim, { on: 'PutObject', kind: 'cut', times: 4 }),
};
function push(sim: SimCloud, fault: SimFault): void {
  sim.faults.push(fault);
}

/** What dies: counted over calls (twice each) and changes of the books. */
interface Reaper {
  at: number;
  seen: number;
  hasDied: boolean;
}

class Died extends Error {}

const stats = { runs: 0, deaths: 0, failures: 0 };

/** @returns how many points there are at which it could have died */
async function live(arrange: (sim: SimCloud) => void, dieAt: number): Promise<number> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-matrix-'));
  let nowMs = Date.now();
  const sim = await startSimCloud({ nowMs: () => nowMs });
  const reaper: Reaper = { at: dieAt, seen: 0, hasDied: false };
  const isTime = (): boolean => {
    if (reaper.hasDied) return false;
    reaper.seen += 1;
    if (reaper.seen - 1 !== reaper.at) return false;
    reaper.hasDied = true;
    return true;
  };
  let death = Promise.withResolvers<never>();
  let key = '';
  let lives = 0;
  /** The engine's start: on the same directory, with a key of its own, so that nothing of the life before can act any more. */
  const start = (): CloudLab => {
    lives += 1;
    if (key !== '') sim.keys.set(key, { secret: 'x', state: 'revoked' });
    key = `AKIALIFE${String(lives).padStart(12, '0')}`;
    sim.keys.set(key, { secret: 'secret/of/a/life/0000', state: 'good' });
    const lab = openCloudLab(dir, () => nowMs, { ...TARGET, regions: ['us-east-1', 'eu-north-1'] });
    const credentials = { kind: 'keys', accessKeyId: key, secretAccessKey: 'secret/of/a/life/0000' };
    lab.store.transact('account', (tx) => {
      putAccount(tx.db, {
        name: 'lab',
        provider: 'aws',
        kind: 'keys',
        sealed: openKeyFileBox(path.join(dir, 'secret.key')).seal(JSON.stringify(credentials)),
        shown: '',
        endpoint: sim.endpoint,
        addedAtMs: 0,
      });
    });
    const { transact } = lab.store;
    Object.assign(lab.store, {
      transact: ((name, work, must) => {
        if (isTime()) {
          death.reject(new Died());
          throw new Died();
        }
        return transact(name, work, must);
      }) as typeof transact,
    });
    death = Promise.withResolvers<never>();
    death.promise.catch(() => undefined);
    return lab;
  };
  sim.dies = () => {
    if (!isTime()) return false;
    sim.keys.set(key, { secret: 'x', state: 'revoked' });
    death.reject(new Died());
    return true;
  };

  /** What the runtime keeps on the disk: which choice it asked for. */
  const requests: MachineRequest[] = ['us-east-1', 'eu-north-1'].map((region) => ({
    ...requestAt(nowMs),
    choice: { ...requestAt(nowMs).choice, region },
  }));
  let choice = 0;
  let hasRun = false;
  async function life(lab: CloudLab): Promise<void> {
    for (let turn = 0; turn < 60; turn += 1) {
      const provider = await lab.cloud.open(TARGET);
      const request = requests[choice];
      if (request === undefined) throw new Error('no choice is left');
      try {
        if (!hasRun) {
          await provider.provision(request);
          hasRun = true;
        }
        await provider.terminate(request);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        if (error.code === 'capacity' && !error.outcomeUnknown) choice += 1;
        // Its end was wanted before it was known that it ran: that is enough.
        if (error.code === 'refused') hasRun = true;
      } finally {
        await provider.close();
      }
      await lab.cloud.reconciler.round();
      if (lab.cloud.journeys.get(request.attemptId)?.phase === 'gone') return;
      nowMs += 61_000;
    }
    throw new Error(`not gone after an hour: ${JSON.stringify(lab.cloud.journeys.get('e1-t1-a1'))}`);
  }

  arrange(sim);
  let lab = start();
  try {
    for (;;) {
      const done = life(lab);
      done.catch(() => undefined);
      try {
        await Promise.race([done, death.promise]);
        break;
      } catch (error) {
        if (!(error instanceof Died) && !reaper.hasDied) throw error;
        if (lives > 1 && !(error instanceof Died)) throw error;
        stats.deaths += 1;
        lab.close();
        await done.catch(() => undefined);
        nowMs += 5_000;
        lab = start();
        // As every start does, before anything else.
        await lab.cloud.reconciler.round();
      }
    }
    stats.runs += 1;
    expect(sim.ec2.instances.length, 'machines').toBeLessThanOrEqual(1);
    expect(
      sim.ec2.instances.map(({ state }) => state),
      'states',
    ).not.toContain('running');
    const metered = sim.meteredMs();
    nowMs += 7_200_000;
    expect(sim.meteredMs() - metered, 'machine time after the end').toBe(0);
    expect(lab.cloud.journeys.live()).toEqual([]);
    return reaper.seen;
  } finally {
    lab.close();
    await sim.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const STEP = process.env['SWITCHYARD_MATRIX'] === 'all' ? 1 : 10;

it.each(Object.entries(FAULTS))('%s', async (name, arrange) => {
  const points = await live(arrange, -1);
  expect(points).toBeGreaterThan(10);
  const failures: string[] = [];
  for (let at = 0; at < points; at += STEP) {
    try {
      await live(arrange, at);
    } catch (error) {
      failures.push(`${name}, point ${at} of ${points}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  stats.failures += failures.length;
  expect(failures).toEqual([]);
});

afterAll(() => {
  process.stdout.write(`crash matrix: ${stats.runs} runs, ${stats.deaths} deaths, ${stats.failures} failures\n`);
});
