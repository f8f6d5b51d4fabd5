/** Where trials of pools elsewhere go: read from their pool when an attempt starts, so that an edited pool counts from the next one. */
import type { Database } from 'better-sqlite3';
import type { AwsTarget, PoolTarget } from '../contract/targets.ts';
import { LaunchError } from '../ports/trial-runtime.ts';
import { getPool, listPools } from '../store/pools.ts';
import { getTrialRow } from '../store/trials.ts';
import type { AgentSpec } from './agent-protocol.ts';
import type { Destination } from './destination.ts';

export interface Destinations {
  /** @throws LaunchError where its pool is on this workstation */
  of(trialId: number): Promise<Destination>;
  /** Every place that a pool names. */
  everyPlace(): readonly { readonly target: PoolTarget; readonly region: string }[];
}

export interface DestinationDeps {
  readonly db: Database;
  /** With the provider's own names in place of generic ones. @throws SwitchyardError */
  readonly resolve: (target: AwsTarget) => AwsTarget;
  /** What prepares the environment of a trial there; null = nothing. */
  readonly setupOf: (trialId: number, target: PoolTarget) => Promise<AgentSpec['setup']>;
}

export function createDestinations({ db, resolve, setupOf }: DestinationDeps): Destinations {
  return {
    async of(trialId) {
      const trial = getTrialRow(db, trialId);
      const pool = trial === null ? null : getPool(db, trial.poolId);
      if (trial === null || pool === null || pool.target === null)
        throw new LaunchError('launch_failed', 'Its pool is on this workstation.', null, true);
      const { target } = pool;
      const { graceS, timeLimitS } = trial.spec;
      return {
        poolId: pool.id,
        target,
        ...machineOf(target.provider === 'ssh' ? target : resolve(target)),
        setup: await setupOf(trialId, target),
        graceMs: graceS * 1000,
        timeLimitMs: timeLimitS === null ? null : timeLimitS * 1000,
      };
    },
    everyPlace: () =>
      listPools(db).flatMap(({ target }) =>
        target === null
          ? []
          : regionsOf(target.provider === 'ssh' ? target : resolve(target)).map((region) => ({ target, region })),
      ),
  };
}

/** A machine that is there has no regions. */
export function regionsOf(target: PoolTarget): readonly string[] {
  return target.provider === 'ssh' ? [''] : target.regions;
}

function machineOf(target: PoolTarget): Pick<Destination, 'choices' | 'machine' | 'lifeMs'> {
  if (target.provider === 'ssh')
    return { choices: [{ region: '', machineType: target.host, spot: false }], machine: null, lifeMs: null };
  const { machineType, spot, image, diskGiB, maxPricePerHourUsd } = target;
  return {
    choices: target.regions.map((region) => ({ region, machineType, spot })),
    machine: { image, diskGiB, maxPricePerHourUsd },
    lifeMs: target.timeLimitHours * 3_600_000,
  };
}
