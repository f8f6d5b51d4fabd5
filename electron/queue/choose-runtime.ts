/** Which runtime runs a trial: decided when an attempt starts, from its pool and what it asks for. Pure. */
import type { Pool } from '../contract/pools.ts';
import type { RuntimeKind } from '../contract/states.ts';
import type { WantedRuntime } from '../store/trial-spec.ts';

/** On this workstation: the one that is named; otherwise a container where there is an image, a plain process where there is none. */
const byImage = ({ runtime, image }: WantedRuntime): RuntimeKind => runtime ?? (image === null ? 'process' : 'docker');

/** One entry per kind of pool. */
const CHOICES: Readonly<Record<Pool['kind'], (wish: WantedRuntime) => RuntimeKind>> = {
  local: byImage,
  ssh: () => 'remote',
  cloud: () => 'remote',
};

/** @returns the runtime an attempt in this pool would get now; whether it can be had is another question */
export function chooseRuntime(pool: Pick<Pool, 'kind'>, wish: WantedRuntime): RuntimeKind {
  return CHOICES[pool.kind](wish);
}

/** Chooses for a trial as it stands. */
export type RuntimeChooser = (trial: { readonly poolId: string; readonly spec: WantedRuntime }) => RuntimeKind;

/**
 * Chooses for trials by the hundred thousand: a pool is looked up once, because its kind never changes.
 * @param find null where there is no such pool (any more)
 */
export function createRuntimeChooser(find: (poolId: string) => Pick<Pool, 'kind'> | null): RuntimeChooser {
  const known = new Map<string, Pick<Pool, 'kind'>>();
  return ({ poolId, spec }) => {
    const pool = known.get(poolId) ?? find(poolId);
    if (pool !== null) known.set(poolId, pool);
    return chooseRuntime(pool ?? { kind: 'local' }, spec);
  };
}
