/** Where a trial goes, by its pool, when an attempt of it starts. */
import type { PoolTarget } from '../contract/targets.ts';
import type { MachineChoice, MachineWish } from '../ports/provider.ts';
import type { AgentSpec } from './agent-protocol.ts';

export interface Destination {
  readonly poolId: string;
  readonly target: PoolTarget;
  /** In order of preference; the next one is tried where one has no capacity. */
  readonly choices: readonly MachineChoice[];
  readonly machine: MachineWish | null;
  /** How long the machine may live; null = it is not rented. */
  readonly lifeMs: number | null;
  /** What prepares the environment of a process there. */
  readonly setup: AgentSpec['setup'];
  readonly graceMs: number;
  /** How long the program may run; null = no limit. */
  readonly timeLimitMs: number | null;
}
