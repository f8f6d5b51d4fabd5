/**
 * The scheduler's view of the world: plain data in, plain data out, no I/O.
 * `plan` decides per pool; a slot belongs to exactly one pool.
 */
import type { ForecastEntry, WaitingReason } from '../../contract/feed.ts';
import type { PoolSettings } from '../../contract/pools.ts';
import type { SlotAsk } from '../../contract/trials.ts';
import type { PlanSlot } from '../../gpus/plan-slot.ts';
import type { QueueTerms } from '../../store/trial-spec.ts';

export type TrialKey = number | string;

export interface PlanPool {
  readonly id: string;
  readonly state: 'open' | 'paused' | 'draining';
  /** Set while opening hours or another rule keep the pool closed; the sentence says until when. */
  readonly closedReason: string | null;
  /** When the pool opens next, ms; null = unknown or open. */
  readonly opensAtMs: number | null;
  /** When an open pool closes next, ms; missing or null = never, or it is closed. */
  readonly closesAtMs?: number | null;
  /** Opening hours, for the forecast; missing or null = always open, or only the next opening is known. */
  readonly hours?: PoolSettings['hours'];
  readonly settings: Pick<PoolSettings, 'policy' | 'backfill' | 'preemption' | 'maxRunning' | 'maxCpuTrials'>;
}

export interface PlanTrial extends Readonly<SlotAsk>, QueueTerms {
  readonly id: TrialKey;
  readonly poolId: string;
  readonly experimentId: TrialKey;
  readonly priority: number;
  /** Sorts as plain text or number inside one priority; null = unknown, then nothing of the same priority is preempted for it. */
  readonly rank: string | number | null;
  readonly submitOrder: number;
  /** active = starting or running; releasing = asked to stop, its slots are about to come free (never preempt again). */
  readonly state: 'queued' | 'active' | 'releasing';
  /** Slots held (active, releasing). May be empty for a trial recorded as running that occupies nothing. */
  readonly lease: readonly string[];
  /** Expected run time still ahead, ms; for queued trials of one whole run; null = unknown. */
  readonly remainingMs: number | null;
  readonly estimateBasis: ForecastEntry['basis'];
  /** Its runtime cannot start anything now (daemon down...), or it must wait after a failure; the sentence says why. */
  readonly held: Hold | null;
  /** It lost its slots to a failure just now and comes back in a moment: what it needs is kept for it, nobody behind it may take it. */
  readonly keepsClaim?: boolean;
}

export interface Hold {
  readonly code: WaitingReason['code'];
  readonly text: string;
  /** When it ends by itself, ms; missing or null = not known. */
  readonly untilMs?: number | null;
  /** It ends when all of these have ended; missing or empty = it does not end that way. */
  readonly awaits?: readonly TrialKey[];
}

/** The queued trials of one pool in queue order. A list is one; others make of each trial what it is when it is looked at. */
export interface Line extends Pick<readonly PlanTrial[], 'length' | 'at'> {
  /** How many of them ask for no GPU; missing = nobody has counted. Where only one kind can start, nobody looks for it where there is none. */
  readonly slotless?: number;
}

export interface PlanInput {
  readonly nowMs: number;
  readonly pools: readonly PlanPool[];
  readonly slots: readonly PlanSlot[];
  /** Why there may be GPUs that are not among the slots: nothing on this machine could be read. Missing or null = all are known. */
  readonly slotsProblem?: string | null;
  /** Queued trials in queue order (priority, rank, submitOrder) within each pool, and active ones in any order. */
  readonly queued: readonly PlanTrial[];
  /**
   * Pool -> its line, from who keeps the queue sorted: instead of `queued`, which is not looked at then. A pass over 200,000 trials that had to
   * look at each of them once would take longer than everything else in it.
   */
  readonly lines?: ReadonlyMap<string, Line>;
  readonly active: readonly PlanTrial[];
  /** Under fair share: experiment -> slots times ms that it is owed; missing = nobody keeps count, shares are of the moment only. */
  readonly credits?: ReadonlyMap<TrialKey, number>;
}

export interface PlanOutput {
  readonly start: readonly {
    readonly id: TrialKey;
    readonly slots: readonly string[];
    /** It is expected to run beyond this closing time of its pool, or may, ms; missing = it will not. */
    readonly beyondMs?: number;
  }[];
  readonly preempt: readonly { readonly id: TrialKey; readonly forId: TrialKey }[];
  /** Every queued trial that is not started, in queue order. Reasons may be shared objects. */
  readonly waiting: readonly { readonly id: TrialKey; readonly reason: WaitingReason }[];
  /** Pools with fair share: what is due to each experiment that wants something, and what it holds after this plan, in slots. */
  readonly shares: readonly { readonly experimentId: TrialKey; readonly share: number; readonly used: number }[];
}
