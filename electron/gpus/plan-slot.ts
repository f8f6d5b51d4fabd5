/** A slot as the scheduler is told of it. */
import type { WaitingReason } from '../contract/feed.ts';

export interface PlanSlot {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly poolId: string;
  /** Why nothing may be placed here whatever our own leases do (foreign use, unhealthy, kept back, stale); null = placeable. */
  readonly blocked: {
    readonly code: WaitingReason['code'];
    readonly text: string;
    /** For foreign use: the threshold of the pool that would let trials on it; missing = none would. */
    readonly raiseThresholdToMiB?: number;
  } | null;
  readonly totalMiB: number | null;
  /**
   * Memory a new lease could have if none of our leases were on the slot, MiB: total minus foreign use,
   * or the measured free memory where less; null = unknown (unified memory): count-only placement.
   */
  readonly usableMiB: number | null;
  /** Measured free memory now, minus what our leases reserved and have not allocated yet, MiB. For shares. */
  readonly shareableMiB: number | null;
}
