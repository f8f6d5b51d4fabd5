import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MachineCatalogue } from '../../../electron/contract/cloud.ts';
import {
  parseCatalogue,
  quoteFromCatalogue,
  resolveMachineType,
  resolveRegion,
  worstCaseUsd,
} from '../../../electron/cloud/catalogue.ts';

const TEXT = readFileSync(path.resolve(import.meta.dirname, '../../../resources/machine-types.json'), 'utf8');
const catalogue = parseCatalogue(TEXT);
const onDemand = (machineType: string, region: string, spot = false) => ({ machineType, region, spot });

describe('the catalogue that ships', () => {
  it('has some 40 types, GPUs and none, and every row says where it is from', () => {
    expect(catalogue.types.length).toBeGreaterThanOrEqual(40);
    expect(new Set(catalogue.types.map(({ type }) => type)).size).toBe(catalogue.types.length);
    expect(catalogue.types.filter(({ gpu }) => gpu === null).length).toBeGreaterThan(5);
    for (const { source } of catalogue.types) expect(catalogue.sources[source]?.date).toMatch(/2026/);
  });

  it('says what is not known as null and nowhere as 0', () => {
    const prices = catalogue.types.flatMap(({ prices }) => Object.values(prices));
    expect(prices.some(({ spotUsd }) => spotUsd === null)).toBe(true);
    for (const { onDemandUsd, spotUsd } of prices) {
      expect(onDemandUsd === null || onDemandUsd > 0).toBe(true);
      expect(spotUsd === null || spotUsd > 0).toBe(true);
    }
  });

  it('refuses a price of 0, a row without its source and an alias that leads nowhere', () => {
    const change = (edit: (raw: MachineCatalogue) => void): string => {
      const raw = JSON.parse(TEXT) as MachineCatalogue;
      edit(raw);
      return JSON.stringify(raw);
    };
    expect(() =>
      parseCatalogue(
        change(
          (raw) =>
            (raw.types[0] = { ...raw.types[0], prices: { 'us-east-1': { onDemandUsd: 0, spotUsd: null } } } as never),
        ),
      ),
    ).toThrow();
    expect(() =>
      parseCatalogue(change((raw) => (raw.types[0] = { ...raw.types[0], source: 'hearsay' } as never))),
    ).toThrow(/source/);
    expect(() => parseCatalogue(change((raw) => (raw.aliases['m'] = 'm9.huge')))).toThrow(/m9[.]huge/);
  });
});

describe('names', () => {
  it.each([
    ['m+t4', 'g4dn.xlarge'],
    ['M+L4', 'g6.xlarge'],
    ['xl+v100', 'p3.16xlarge'],
    ['g6e.xlarge', 'g6e.xlarge'],
    ['p9.48xlarge', 'p9.48xlarge'],
  ])('%s is %s', (name, type) => {
    expect(resolveMachineType(catalogue, name)).toBe(type);
  });

  it('says what to take in place of a type that is no more', () => {
    expect(() => resolveMachineType(catalogue, 'm+k80')).toThrow(
      expect.objectContaining({ remedy: 'Take m+t4 instead.' }),
    );
  });

  it('names the nearest for a slip', () => {
    expect(() => resolveMachineType(catalogue, 'm+v10')).toThrow(/Did you mean "m\+v100"/);
  });

  it('knows the generic regions', () => {
    expect(resolveRegion(catalogue, 'us-west')).toBe('us-west-1');
    expect(resolveRegion(catalogue, 'eu-north-1')).toBe('eu-north-1');
  });
});

describe('prices', () => {
  it('adds the disk to the end of the time limit', () => {
    const quote = quoteFromCatalogue(catalogue, onDemand('g4dn.xlarge', 'us-east-1'), 100);
    expect(quote.perHourUsd).toBe(0.526);
    expect(quote.source).toMatch(/2026/);
    expect(worstCaseUsd(quote, 10)).toEqual({
      usd: expect.closeTo(5.26 + (0.08 * 100 * 10) / 730, 6),
      withoutDisk: false,
    });
  });

  it('knows no price where there is none: no worst case either, and never 0', () => {
    for (const choice of [
      onDemand('p5.4xlarge', 'us-east-1', true),
      onDemand('g4dn.xlarge', 'ap-south-1'),
      onDemand('p9.48xlarge', 'us-east-1'),
    ]) {
      const quote = quoteFromCatalogue(catalogue, choice, 100);
      expect(quote.perHourUsd).toBeNull();
      expect(worstCaseUsd(quote, 10)).toBeNull();
    }
  });

  it('says that the disk is missing in it', () => {
    const quote = quoteFromCatalogue(catalogue, onDemand('g4dn.xlarge', 'eu-north-1'), 100);
    expect(worstCaseUsd(quote, 1)).toEqual({ usd: 0.558, withoutDisk: true });
  });
});
