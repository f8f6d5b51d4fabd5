/**
 * The catalogue of machine types: what a name means, what a machine has, and what it costs as far as that is known. Pure.
 * An unknown price is null wherever it goes: it blocks nothing, and nobody may show it as 0.
 */
import { SwitchyardError } from '../contract/errors.ts';
import { MachineCatalogue, type MachineType } from '../contract/cloud.ts';
import type { MachineChoice, Quote } from '../ports/provider.ts';
import { suggest } from '../text/nearest.ts';

/** As clouds count a month of storage. */
const HOURS_A_MONTH = 730;

/** @param text resources/machine-types.json @throws Error when it is not what it should be: a fault of the build */
export function parseCatalogue(text: string): MachineCatalogue {
  const catalogue = MachineCatalogue.parse(JSON.parse(text));
  const types = new Set(catalogue.types.map(({ type }) => type));
  for (const { type, source } of catalogue.types)
    if (catalogue.sources[source] === undefined) throw new Error(`${type} has no source`);
  for (const meant of Object.values(catalogue.aliases))
    if (!types.has(meant)) throw new Error(`an alias means ${meant}, which is not there`);
  return catalogue;
}

/**
 * @param name a type of the provider, or an alias such as "m+t4"; a type that is not in the catalogue may exist all the same
 * @returns the provider's own name
 * @throws SwitchyardError invalid_request for a type that is no more, and for what looks like a slip
 */
export function resolveMachineType(catalogue: MachineCatalogue, name: string): string {
  const wanted = name.trim().toLowerCase();
  const alias = catalogue.aliases[wanted];
  if (alias !== undefined) return alias;
  const successor = catalogue.retired[wanted];
  if (successor !== undefined)
    throw new SwitchyardError('invalid_request', `AWS has no machines of type ${wanted} any more.`, {
      remedy: `Take ${successor} instead.`,
      path: 'target.machineType',
    });
  if (catalogue.types.some(({ type }) => type === wanted)) return wanted;
  // Family, generation, attributes, a dot, a size: newer types than the catalogue's must work too.
  if (/^[a-z]{1,3}\d[a-z0-9-]*\.[a-z0-9-]{2,20}$/.test(wanted)) return wanted;
  const near = suggest(wanted, [...Object.keys(catalogue.aliases), ...catalogue.types.map(({ type }) => type)]);
  throw new SwitchyardError(
    'invalid_request',
    `"${name}" is no machine type.${near === null ? '' : ` Did you mean "${near}"?`}`,
    { remedy: 'Types and their prices: switchyard cloud types', path: 'target.machineType' },
  );
}

/** @returns the provider's own name of a region, from "us-east" and the like */
export function resolveRegion(catalogue: MachineCatalogue, name: string): string {
  const wanted = name.trim().toLowerCase();
  return catalogue.regionAliases[wanted] ?? wanted;
}

/** @returns null for a type that is not in the catalogue */
export function findMachineType(catalogue: MachineCatalogue, type: string): MachineType | null {
  return catalogue.types.find((one) => one.type === type) ?? null;
}

/** What an hour costs by the catalogue. */
export function quoteFromCatalogue(catalogue: MachineCatalogue, choice: MachineChoice, diskGiB: number | null): Quote {
  const row = findMachineType(catalogue, choice.machineType);
  const price = row?.prices[choice.region];
  const source = row === null || price === undefined ? undefined : catalogue.sources[row.source];
  const gbMonthUsd = catalogue.disks.gbMonthUsd[choice.region];
  return {
    free: false,
    perHourUsd: (choice.spot ? price?.spotUsd : price?.onDemandUsd) ?? null,
    diskPerHourUsd: diskGiB === null || gbMonthUsd === undefined ? null : (gbMonthUsd * diskGiB) / HOURS_A_MONTH,
    source: source === undefined ? null : `${source.text} (${source.date})`,
  };
}

/**
 * The most it can cost: rate and disk to the end of the time limit.
 * @returns null when the price of the machine is not known; `withoutDisk` when that of its disk is not
 */
export function worstCaseUsd(
  quote: Quote,
  hours: number,
): { readonly usd: number; readonly withoutDisk: boolean } | null {
  if (quote.free) return { usd: 0, withoutDisk: false };
  if (quote.perHourUsd === null) return null;
  return { usd: (quote.perHourUsd + (quote.diskPerHourUsd ?? 0)) * hours, withoutDisk: quote.diskPerHourUsd === null };
}
