/** Pools in words. Pure. */
import type { Pool } from '../contract/pools.ts';
import { formatTable } from './table.ts';

export function poolTable(pools: readonly Pool[], width: number | null): string[] {
  return formatTable(
    [
      { title: 'ID' },
      { title: 'NAME' },
      { title: 'STATE' },
      { title: 'WHERE' },
      { title: 'GPUS' },
      { title: 'POLICY' },
      { title: 'LIMITS', flexible: true },
    ],
    pools.map((pool) => [
      pool.id,
      pool.name,
      pool.state,
      sayTarget(pool),
      describeGpus(pool),
      describePolicy(pool),
      describeLimits(pool),
    ]),
    width,
  );
}

export function describePool(pool: Pool): string[] {
  const rows: [string, string][] = [
    ['id', pool.id],
    ['name', pool.name],
    ['state', pool.state],
    ['where', sayTarget(pool)],
    ...(pool.target?.provider === 'ssh' ? ([['work', pool.target.root]] as [string, string][]) : []),
    ...(pool.target?.setup == null
      ? []
      : pool.target.setup.split('\n').map((line): [string, string] => ['setup', line])),
    ['GPUs', describeGpus(pool)],
    ['policy', describePolicy(pool)],
    ['limits', describeLimits(pool)],
    ['foreign', `memory of others below ${pool.settings.foreignThresholdMiB} MiB does not make a GPU busy`],
  ];
  return [
    ...rows.map(([name, value]) => `${name.padEnd(8)} ${value}`),
    ...pool.gpuUuids.map((uuid) => `         ${uuid}`),
  ];
}

/** Where its trials run. */
export function sayTarget({ target }: Pick<Pool, 'target'>): string {
  if (target === null) return 'here';
  if (target.provider === 'ssh') return `${target.host} over ssh`;
  return `${target.machineType} of ${target.account} in ${target.regions.join(', ')}`;
}

function describeGpus(pool: Pool): string {
  if (pool.kind !== 'local') return 'of that machine';
  return pool.isDefault ? 'all no other pool has' : String(pool.gpuUuids.length);
}

function describePolicy({ settings }: Pool): string {
  return `${settings.policy.replace('_', ' ')}, ${settings.backfill}${settings.preemption ? ', preemption' : ''}`;
}

function describeLimits({ settings }: Pool): string {
  const parts = [`${settings.maxCpuTrials} without a GPU`];
  if (settings.maxRunning !== null) parts.unshift(`${settings.maxRunning} at once`);
  if (settings.hours !== null) parts.push(`${settings.hours.from}-${settings.hours.to}`);
  if (settings.idleMinutes !== null) parts.push(`after ${settings.idleMinutes} min idle`);
  return parts.join(', ');
}
