import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCatalogue } from '../../../../../electron/cloud/catalogue.ts';
import { AwsTarget } from '../../../../../electron/contract/targets.ts';
import {
  BLANK,
  mostOfOneUsd,
  regionsOf,
  targetOf,
  typeChoices,
  worstWords,
} from '../../../../../renderer/features/cloud/cloud-pool-form.ts';

const catalogue = parseCatalogue(
  readFileSync(path.resolve(import.meta.dirname, '../../../../../resources/machine-types.json'), 'utf8'),
);
const filled = { ...BLANK, account: 'lab', machineType: 'g4dn.xlarge', regions: ['us-east-1'], timeLimitHours: 10 };

describe('a pool in a cloud, as a form', () => {
  it('makes what the engine takes; an empty amount is none, and a maximum price is one of spot', () => {
    const target = targetOf({ ...filled, maxPrice: 2, budgetPerMonth: 50 });
    expect(AwsTarget.parse(target)).toEqual(target);
    expect(target).toMatchObject({ maxPricePerHourUsd: null, budgetPerTrialUsd: null, budgetPerMonthUsd: 50 });
    expect(targetOf({ ...filled, spot: true, maxPrice: 2 }).maxPricePerHourUsd).toBe(2);
  });

  it('costs at most the price on demand, in the dearest region, with its disk', () => {
    const disk = ((catalogue.disks.gbMonthUsd['us-east-1'] ?? 0) * 100) / 730;
    expect(disk).toBeGreaterThan(0);
    const most = { usd: expect.closeTo((0.526 + disk) * 10, 6), withoutDisk: false };
    expect(mostOfOneUsd(catalogue, targetOf(filled))).toEqual(most);
    expect(mostOfOneUsd(catalogue, targetOf({ ...filled, spot: true }))).toEqual(most);
    const both = mostOfOneUsd(catalogue, targetOf({ ...filled, regions: ['us-east-1', 'eu-central-1'] }));
    expect(both?.usd).toBeCloseTo(6.58, 6);
    expect(both?.withoutDisk).toBe(true);
  });

  it('says where a disk is not in the sum', () => {
    const target = targetOf({ ...filled, diskGiB: 500 });
    const noDisks = { ...catalogue, disks: { ...catalogue.disks, gbMonthUsd: {} } };
    expect(mostOfOneUsd(noDisks, target)).toEqual({ usd: expect.closeTo(5.26, 6), withoutDisk: true });
    expect(worstWords(noDisks, target)).toContain('without its disk');
  });

  it('says that a price is not known, and never that it is nothing', () => {
    const unknown = targetOf({ ...filled, machineType: 'g9.xlarge' });
    expect(mostOfOneUsd(catalogue, unknown)).toBeNull();
    expect(worstWords(catalogue, unknown)).toContain('not known');
    expect(worstWords(catalogue, unknown)).not.toContain('$');
    const [first] = typeChoices(catalogue, 'mars-north-1');
    expect(first?.label).toContain('price not known');
    expect(regionsOf(catalogue)).toContain('us-east-1');
  });

  it('names what all machines at once can cost', () => {
    expect(worstWords(catalogue, targetOf({ ...filled, maxMachines: 4 }))).toMatch(
      /at most \$\d+\.\d\d .* 4 at once \$/,
    );
  });
});
