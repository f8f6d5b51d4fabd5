/** A pool of rented machines, with a real engine, the real agent and a simulated cloud that runs what it is sent. */
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CloudMachine, CloudMoney, CloudScan } from '../../electron/contract/cloud.ts';
import { SIM_KEY, startSimCloud, type SimCloud } from '../support/cloud/sim-cloud.ts';
import { until } from '../support/cloud/until.ts';
import { openYard, type Yard } from '../support/yard.ts';

async function open(
  target: object = {},
  options: Parameters<typeof startSimCloud>[0] = {},
): Promise<{ sim: SimCloud; yard: Yard }> {
  const sim = await startSimCloud({ runs: true, bootMs: 50, endMs: 50, ...options });
  const yard = await openYard();
  onTestFinished(() => sim.close());
  await yard.engine.api.call('POST', '/cloud/accounts/lab', {
    credentials: { kind: 'keys', ...SIM_KEY },
    endpoint: sim.endpoint,
  });
  await yard.engine.api.call('POST', '/pools', {
    id: 'rented',
    name: 'Rented',
    target: {
      provider: 'aws',
      account: 'lab',
      regions: ['us-east-1'],
      machineType: 'm7i.large',
      timeLimitHours: 2,
      ...target,
    },
  });
  return { sim, yard };
}
async function submit({ engine }: Yard, script: string, more: object = {}): Promise<number> {
  const config = { entrypoint: ['sh', '-c', script], resources: { pool: 'rented', ...more } };
  return (await engine.api.submit({ config, source: { kind: 'none' } })).trialIds[0] ?? 0;
}
const PROGRAM =
  'echo begins; mkdir -p "$SWITCHYARD_OUTPUT_DIR"; echo result > "$SWITCHYARD_OUTPUT_DIR/result.txt"; echo ends';
const machines = async ({ engine }: Yard): Promise<CloudMachine[]> =>
  (await engine.api.call<{ machines: CloudMachine[] }>('GET', '/cloud/machines')).machines;

it(
  'runs a trial on a machine made for it, brings everything home, and leaves nothing',
  { timeout: 120_000 },
  async () => {
    const { sim, yard } = await open();
    const id = await submit(yard, PROGRAM);
    expect(await yard.outcomeOf(id, 90_000)).toMatchObject({ kind: 'completed', exitCode: 0 });
    expect(await yard.engine.api.log(id, 1)).toBe('begins\nends\n');
    await until(() => sim.ec2.instances[0]?.state === 'terminated');
    expect(sim.ec2.instances).toHaveLength(1);
    const [bucket] = sim.s3.buckets.values();
    // It is cleaned up after the end is known.
    await until(
      () => [...(bucket?.objects.keys() ?? [])].every((key) => key.startsWith('packs/')),
      30_000,
      'a mailbox that is cleaned up',
    );
    await yard.engine.api.call('POST', '/cloud/scan');
    expect(await machines(yard)).toMatchObject([
      { trialId: id, poolId: 'rented', phase: 'gone', machineType: 'm7i.large', attention: null },
    ]);
    expect((await yard.engine.api.call<CloudMoney>('GET', '/cloud/money')).days).toMatchObject([
      { poolId: 'rented', usd: expect.any(Number) },
    ]);
    expect(await yard.engine.api.call<CloudScan>('POST', '/cloud/scan')).toEqual({ leftovers: [], problems: [] });
  },
);

it('refuses a pool whose account cannot start its machines, before anything costs money', async () => {
  const { sim, yard } = await open();
  sim.forbidden.add('RunInstances');
  await expect(
    yard.engine.api.call('POST', '/pools', {
      name: 'other',
      target: { provider: 'aws', account: 'lab', regions: ['us-east-1'], machineType: 'm7i.large' },
    }),
  ).rejects.toMatchObject({ problem: { detail: expect.stringContaining('UnauthorizedOperation') } });
  expect(sim.ec2.instances).toEqual([]);
});

it(
  'the machine works on while the engine is killed, and what it did comes home with the next start',
  { timeout: 150_000 },
  async () => {
    const { sim, yard } = await open();
    const id = await submit(yard, 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done');
    await yard.engine.waitFor('runs', ({ trials }) => (trials.get(id)?.state === 'running' ? true : undefined), 60_000);
    await yard.engine.kill9();
    await yard.engine.restart();
    expect(await yard.outcomeOf(id, 90_000)).toMatchObject({ kind: 'completed', exitCode: 0 });
    expect(await yard.engine.api.log(id, 1)).toBe('1\n2\n3\n4\n5\n6\n7\n8\n');
    await yard.engine.api.call('POST', '/cloud/scan');
    expect(sim.ec2.instances.map(({ state }) => state)).toEqual(['terminated']);
  },
);

const NVIDIA_SMI = path.join(import.meta.dirname, '..', 'support', 'cloud', 'one-gpu.sh');

it(
  'makes a machine with GPUs where there is one to be had, one for each trial and no more at once than the pool may',
  { timeout: 180_000 },
  async () => {
    const { sim, yard } = await open(
      { machineType: 'm+t4', regions: ['us-east-1', 'eu-north-1'], maxMachines: 1 },
      { env: { SWITCHYARD_NVIDIA_SMI: NVIDIA_SMI } },
    );
    sim.ec2.noCapacity.add('us-east-1 g4dn.xlarge');
    await expect(submit(yard, 'true', { slots: 2 })).rejects.toMatchObject({ problem: { code: 'too_many_slots' } });
    const ids = [
      await submit(yard, 'echo "$CUDA_VISIBLE_DEVICES"', { slots: 1 }),
      await submit(yard, 'true', { slots: 1 }),
    ];
    for (const id of ids) expect(await yard.outcomeOf(id, 80_000)).toMatchObject({ kind: 'completed' });
    expect(await yard.engine.api.log(ids[0] ?? 0, 1)).toMatch(/^GPU-1111/);
    expect(sim.ec2.instances.map(({ region, type }) => `${region} ${type}`)).toEqual([
      'eu-north-1 g4dn.xlarge',
      'eu-north-1 g4dn.xlarge',
    ]);
    const [first, second] = sim.ec2.instances;
    expect(second?.launchedAtMs).toBeGreaterThanOrEqual(first?.endedAtMs ?? Number.POSITIVE_INFINITY);
  },
);

it(
  'takes the trial of a machine that the provider takes back to another one, from its last checkpoint',
  { timeout: 180_000 },
  async () => {
    const { sim, yard } = await open();
    const id = await submit(
      yard,
      `python3 -uc '
import os, switchyard, time
latest = switchyard.latest_checkpoint()
if latest:
    print(open(os.path.join(latest, "step")).read())
    raise SystemExit
with switchyard.save_checkpoint(step=7) as place:
    open(os.path.join(place, "step"), "w").write("step 7")
time.sleep(600)'`,
    );
    await until(
      async () => ((await yard.engine.api.trial(id)) as { checkpoints?: readonly unknown[] }).checkpoints?.length === 1,
      60_000,
      'a checkpoint at home',
    );
    await sim.ec2.preempt(sim.ec2.instances[0]?.id ?? '');
    expect(await yard.outcomeOf(id, 110_000)).toMatchObject({ kind: 'completed' });
    expect(await yard.engine.api.log(id, 2)).toContain('step 7');
    expect(sim.ec2.instances).toHaveLength(2);
  },
);
