import { describe, expect, it } from 'vitest';
import { budgetHindrances, costOfMove, hindrancesOf, type MovingTrial } from '../../../electron/cloud/plan-move.ts';
import { AwsTarget, SshTarget } from '../../../electron/contract/targets.ts';
import type { Quote } from '../../../electron/ports/provider.ts';

const trial = (id: number, change: Partial<MovingTrial> = {}): MovingTrial => ({
  id,
  slots: 1,
  gpuName: null,
  minFreeMiB: null,
  inPlace: false,
  mounts: [],
  canRestart: false,
  ...change,
});
const aws = (change: object = {}): AwsTarget =>
  AwsTarget.parse({
    provider: 'aws',
    account: 'lab',
    regions: ['eu-central-1'],
    machineType: 'g6.xlarge',
    timeLimitHours: 8,
    ...change,
  });
const quote = (perHourUsd: number | null, diskPerHourUsd: number | null = 0.01): Quote => ({
  free: false,
  perHourUsd,
  diskPerHourUsd,
  source: 'a list',
});
const both = (asked: number | null, onDemand: number | null, disk: number | null = 0.01) => ({
  asked: quote(asked, disk),
  onDemand: quote(onDemand, disk),
});
const L4 = { name: 'NVIDIA L4', totalMiB: 23_034 };

describe('the most that a move can cost', () => {
  it('is the rate and the disk to the time limit, for every trial', () => {
    expect(costOfMove([trial(1), trial(2)], aws(), [both(1, 1)])).toMatchObject({
      perHourUsd: 1.01,
      mostUsd: expect.closeTo(16.16, 6),
      withoutDisk: false,
      again: null,
    });
  });

  it('takes the dearest region, and is not known when one of them is not', () => {
    const two = aws({ regions: ['eu-central-1', 'us-east-1'] });
    expect(costOfMove([trial(1)], two, [both(1, 1, 0), both(2, 2, 0)]).mostUsd).toBe(16);
    expect(costOfMove([trial(1)], two, [both(1, 1), both(null, null)]).mostUsd).toBeNull();
    expect(costOfMove([trial(1)], two, [both(null, null)])).toMatchObject({ perHourUsd: null, mostUsd: null });
  });

  it('of spot is that on demand, or the maximum price where there is one; never the price of the moment', () => {
    expect(costOfMove([trial(1)], aws({ spot: true }), [both(0.2, 1, 0)]).mostUsd).toBe(8);
    const capped = costOfMove([trial(1)], aws({ spot: true, maxPricePerHourUsd: 0.5 }), [both(null, null, 0)]);
    expect(capped).toMatchObject({ perHourUsd: null, mostUsd: 4 });
  });

  it('says that the disk is not in it, and that a second machine comes on top', () => {
    expect(costOfMove([trial(1)], aws(), [both(1, 1, null)])).toMatchObject({ mostUsd: 8, withoutDisk: true });
    expect(costOfMove([trial(1)], aws({ spot: true }), [both(1, 1)]).again).toContain('on top');
    const budgeted = costOfMove([trial(1, { canRestart: true })], aws({ budgetPerTrialUsd: 5 }), [both(1, 1)]);
    expect(budgeted.again).toContain('$5.00');
  });
});

describe('budgets', () => {
  const trials = [trial(1), trial(2), trial(3)];
  const target = aws({ budgetPerMonthUsd: 20 });
  const cost = costOfMove(trials, target, [both(1, 1, 0)]);

  it('say for how many of the trials they last', () => {
    expect(budgetHindrances(trials, target, cost, 0, [null])).toMatchObject([
      { level: 'warning', text: expect.stringContaining('2 of the 3') },
    ]);
    expect(budgetHindrances(trials, aws({ budgetPerMonthUsd: 24 }), cost, 0, [null])).toEqual([]);
  });

  it('stand in the way where one of them is over, and are silent where there is none', () => {
    expect(budgetHindrances(trials, target, cost, 0, [null, 'Over.'])).toEqual([{ level: 'error', text: 'Over.' }]);
    expect(budgetHindrances(trials, aws(), cost, 1_000, [null])).toEqual([]);
  });

  it('cannot be held against a price that is not known, and say so', () => {
    const unknown = costOfMove(trials, target, [both(null, null)]);
    expect(budgetHindrances(trials, target, unknown, 0, [null])[0]?.text).toContain('not known');
  });
});

describe('what stands in the way', () => {
  const place = { name: 'cloud', target: aws(), state: 'open' as const, gpus: [L4] };
  const ssh = { ...place, name: 'lab', target: SshTarget.parse({ provider: 'ssh', host: 'gpu-box' }) };

  it('names trials with more GPUs than a machine has', () => {
    expect(hindrancesOf([trial(1), trial(7, { slots: 2 })], place)).toEqual([
      { level: 'error', text: '#7: up to 2 GPUs asked for; a g6.xlarge has 1.' },
    ]);
    expect(hindrancesOf([trial(7, { slots: 2 })], { ...place, gpus: null })).toEqual([]);
  });

  it('warns of a GPU of another name or with too little memory', () => {
    expect(hindrancesOf([trial(1, { gpuName: '*A100*' })], place)).toMatchObject([{ level: 'warning' }]);
    expect(hindrancesOf([trial(1, { gpuName: '*L4*', minFreeMiB: 20_000 })], place)).toEqual([]);
    expect(hindrancesOf([trial(1, { minFreeMiB: 40_000 })], place)).toMatchObject([{ level: 'warning' }]);
  });

  it('knows that directories of this workstation are not there', () => {
    const mounted = [trial(1, { mounts: ['/data/imagenet'] })];
    expect(hindrancesOf(mounted, place)).toMatchObject([
      { level: 'error', text: expect.stringContaining('/data/imagenet') },
    ]);
    expect(hindrancesOf(mounted, ssh)).toMatchObject([{ level: 'warning', text: expect.stringContaining('gpu-box') }]);
    expect(hindrancesOf(mounted, { ...place, target: null })).toEqual([]);
    expect(hindrancesOf([trial(2, { inPlace: true })], ssh)).toMatchObject([{ level: 'error' }]);
    expect(hindrancesOf([trial(2, { inPlace: true })], { ...ssh, target: null })).toEqual([]);
  });

  it('puts what cannot be before what is to be known', () => {
    const found = hindrancesOf([trial(1, { slots: 4 })], { ...place, state: 'paused' });
    expect(found.map(({ level }) => level)).toEqual(['error', 'warning']);
  });
});
