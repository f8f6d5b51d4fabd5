/** The form of a pool in a cloud: what its fields make, and what a machine of it costs as far as the catalogue knows. Pure. */
import type { MachineCatalogue, MachineType } from '../../../electron/contract/cloud.ts';
import type { AwsTarget } from '../../../electron/contract/targets.ts';
import { sayMemory } from '../../../electron/text/say.ts';
import { sayCeiling } from './move-words.ts';

/** As typed; an empty number is none. */
export interface CloudPoolForm {
  readonly name: string;
  readonly account: string;
  readonly machineType: string;
  readonly regions: readonly string[];
  readonly spot: boolean;
  readonly maxPrice: number | string;
  readonly diskGiB: number | string;
  readonly timeLimitHours: number | string;
  readonly maxMachines: number | string;
  readonly budgetPerTrial: number | string;
  readonly budgetPerMonth: number | string;
}

export const BLANK: CloudPoolForm = {
  name: '',
  account: '',
  machineType: '',
  regions: [],
  spot: false,
  maxPrice: '',
  diskGiB: 100,
  timeLimitHours: 24,
  maxMachines: 1,
  budgetPerTrial: '',
  budgetPerMonth: '',
};

const orNull = (value: number | string): number | null => (value === '' ? null : Number(value));

export function targetOf(form: CloudPoolForm): AwsTarget {
  return {
    provider: 'aws',
    account: form.account,
    regions: [...form.regions],
    machineType: form.machineType.trim(),
    spot: form.spot,
    maxPricePerHourUsd: form.spot ? orNull(form.maxPrice) : null,
    diskGiB: Number(form.diskGiB),
    image: null,
    setup: null,
    timeLimitHours: Number(form.timeLimitHours),
    maxMachines: Number(form.maxMachines),
    budgetPerTrialUsd: orNull(form.budgetPerTrial),
    budgetPerMonthUsd: orNull(form.budgetPerMonth),
  };
}

/** Types with GPUs first. @returns the name of each, and what it is and costs on demand in the region */
export function typeChoices(
  catalogue: MachineCatalogue,
  region: string | undefined,
): { readonly value: string; readonly label: string }[] {
  return catalogue.types
    .toSorted((a, b) => Number(a.gpu === null) - Number(b.gpu === null))
    .map((type) => ({ value: type.type, label: `${type.type}: ${describeType(type, region)}` }));
}

function describeType({ vcpus, memoryGiB, gpu, prices }: MachineType, region: string | undefined): string {
  const price = region === undefined ? null : (prices[region]?.onDemandUsd ?? null);
  return [
    gpu === null ? 'no GPU' : `${gpu.count} × ${gpu.name}, ${sayMemory(gpu.memoryMiB)} each`,
    `${vcpus} CPUs, ${memoryGiB} GB`,
    price === null ? 'price not known' : `$${price.toFixed(2)}/h`,
  ].join(' · ');
}

/** Regions that the catalogue has a price or a disk of. */
export function regionsOf(catalogue: MachineCatalogue): string[] {
  return [
    ...new Set([
      ...Object.keys(catalogue.disks.gbMonthUsd),
      ...catalogue.types.flatMap(({ prices }) => Object.keys(prices)),
    ]),
  ].toSorted();
}

/** As clouds count a month of storage. */
const HOURS_A_MONTH = 730;

interface MostOfOne {
  readonly usd: number;
  /** The price of a disk is not known and not in the sum. */
  readonly withoutDisk: boolean;
}

/** @returns US dollars of one machine to its time limit, in the dearest of the regions; null = what a machine costs is not known */
export function mostOfOneUsd(catalogue: MachineCatalogue, target: AwsTarget): MostOfOne | null {
  const wanted = catalogue.aliases[target.machineType] ?? target.machineType;
  const type = catalogue.types.find((one) => one.type === wanted);
  let usd = 0;
  let withoutDisk = false;
  for (const name of target.regions) {
    const region = catalogue.regionAliases[name] ?? name;
    const machine = (target.spot ? target.maxPricePerHourUsd : null) ?? type?.prices[region]?.onDemandUsd ?? null;
    if (machine === null) return null;
    const disk = catalogue.disks.gbMonthUsd[region];
    withoutDisk ||= disk === undefined;
    usd = Math.max(usd, (machine + ((disk ?? 0) * target.diskGiB) / HOURS_A_MONTH) * target.timeLimitHours);
  }
  return { usd, withoutDisk };
}

/** What one machine, and all at once, can cost. */
export function worstWords(catalogue: MachineCatalogue, target: AwsTarget): string {
  const one = mostOfOneUsd(catalogue, target);
  const hours = `${target.timeLimitHours} h`;
  if (one === null) return `A machine runs ${hours} at most; what that costs is not known.`;
  const { usd, withoutDisk } = one;
  const all = target.maxMachines > 1 ? `, ${target.maxMachines} at once ${sayCeiling(usd * target.maxMachines)}` : '';
  const what = withoutDisk ? 'A machine without its disk, whose price is not known,' : 'A machine with its disk';
  return `${what} costs at most ${sayCeiling(usd)} in its ${hours}${all}. Adding the pool costs nothing.`;
}
