/**
 * The queue in memory: every live trial as the scheduler sees it, each pool's line kept sorted.
 * A mirror of the database, changed after each commit by the ids that changed, so that one pass over 100,000 queued
 * trials reads no rows.
 */
import type { RuntimeKind } from '../contract/states.ts';
import type { TrialRow } from '../store/trials.ts';
import { estimateQueued, type Estimate } from './forecast/estimates.ts';
import { likeKeyOf, type LikeKey } from './forecast/like-command.ts';
import { placeInLine } from './plan/lines.ts';
import type { Line, PlanTrial } from './plan/model.ts';

export interface QueueIndex {
  /** Takes in the row as it is after a commit; null = the trial is gone. */
  update(id: number, row: TrialRow | null): void;
  /** Pool -> its queued trials in line order. Until the next change: they are kept in place. */
  lines(): ReadonlyMap<string, Line>;
  active(): readonly ActiveTrial[];
  queuedCount(): number;
  /** How many of the queued trials run on this runtime. */
  queuedOn(runtime: RuntimeKind): number;
  /** Which images the queued trials on this runtime want, each once. */
  images(runtime: RuntimeKind): Iterable<string>;
  /** Trials like these ended: those still queued are expected to take as long. @param keys estimate keys */
  reestimate(keys: ReadonlySet<string>): void;
  /** A queued trial; undefined when it is not queued. */
  get(id: number): QueuedTrial | undefined;
}

/** A queued trial, with what only the engine asks about it. */
export interface QueuedTrial extends PlanTrial {
  /** Which one it would get now. */
  readonly runtime: RuntimeKind;
  readonly image: string | null;
  readonly like: LikeKey;
  readonly progress: number | null;
  readonly estimatedMs: number | null;
  readonly timeLimitS: number | null;
}

/** What only running trials have; estimates change with time, so they are filled in at each pass. */
export interface ActiveTrial {
  readonly row: TrialRow;
}

export interface QueuedFacts {
  /** Expected run time going by like trials before, ms; null when nothing is known. */
  likeRunsMs(like: LikeKey): number | null;
  /** Which runtime it would get now. */
  runtime(row: TrialRow): RuntimeKind;
  /** Why this trial may not start yet whatever is free; null = it may. */
  held(row: TrialRow): PlanTrial['held'];
  /** Whether what it needs is kept for it while it is held back. */
  keepsClaim(row: TrialRow): boolean;
}

/** The line of one pool, kept sorted. */
class QueueLine implements Line {
  readonly trials: QueuedTrial[] = [];
  slotless = 0;
  get length(): number {
    return this.trials.length;
  }
  at(place: number): QueuedTrial | undefined {
    return this.trials[place];
  }
  insert(trial: QueuedTrial): void {
    this.trials.splice(placeInLine(this, trial), 0, trial);
    if (trial.slots === 0) this.slotless += 1;
  }
  remove(trial: QueuedTrial): void {
    this.trials.splice(placeInLine(this, trial), 1);
    if (trial.slots === 0) this.slotless -= 1;
  }
}

export function createQueueIndex(facts: QueuedFacts): QueueIndex {
  const lines = new Map<string, QueueLine>();
  const queuedById = new Map<number, QueuedTrial>();
  const active = new Map<number, ActiveTrial>();
  const byRuntime = new Map<RuntimeKind, number>();
  const byImage = new Map<RuntimeKind, Map<string, number>>();

  function count({ runtime, image }: QueuedTrial, change: 1 | -1): void {
    byRuntime.set(runtime, (byRuntime.get(runtime) ?? 0) + change);
    if (image === null) return;
    const images = byImage.get(runtime) ?? new Map<string, number>();
    byImage.set(runtime, images);
    const left = (images.get(image) ?? 0) + change;
    if (left > 0) images.set(image, left);
    else images.delete(image);
  }

  function remove(id: number): void {
    active.delete(id);
    const old = queuedById.get(id);
    if (old === undefined) return;
    queuedById.delete(id);
    count(old, -1);
    lines.get(old.poolId)?.remove(old);
  }

  return {
    update(id, row) {
      remove(id);
      if (row === null || row.state === 'done' || row.state === 'paused') return;
      if (row.state !== 'queued') {
        active.set(id, { row });
        return;
      }
      const base = { progress: row.progress, estimatedMs: row.spec.estimatedMs, timeLimitS: row.spec.timeLimitS };
      const like = likeKeyOf(row);
      const trial: QueuedTrial = {
        ...toPlanTrial(row, 'queued', [], estimateQueued(base, facts.likeRunsMs(like))),
        held: facts.held(row),
        keepsClaim: row.notBeforeMs !== null && facts.keepsClaim(row),
        runtime: facts.runtime(row),
        image: row.spec.image,
        like,
        ...base,
      };
      queuedById.set(id, trial);
      count(trial, 1);
      let line = lines.get(row.poolId);
      if (line === undefined) lines.set(row.poolId, (line = new QueueLine()));
      line.insert(trial);
    },
    reestimate(keys) {
      for (const line of lines.values()) {
        for (const [place, trial] of line.trials.entries()) {
          if (!keys.has(trial.like.estimateKey)) continue;
          const { remainingMs, basis } = estimateQueued(trial, facts.likeRunsMs(trial.like));
          if (remainingMs === trial.remainingMs) continue;
          const fresh = { ...trial, remainingMs, estimateBasis: basis };
          line.trials[place] = fresh;
          queuedById.set(Number(trial.id), fresh);
        }
      }
    },
    lines: () => lines,
    active: () => [...active.values()],
    queuedCount: () => queuedById.size,
    queuedOn: (runtime) => byRuntime.get(runtime) ?? 0,
    images: (runtime) => byImage.get(runtime)?.keys() ?? [],
    get: (id) => queuedById.get(id),
  };
}

export function toPlanTrial(
  row: TrialRow,
  state: PlanTrial['state'],
  lease: readonly string[],
  estimate: Estimate,
): PlanTrial {
  return {
    id: row.id,
    poolId: row.poolId,
    experimentId: row.experimentId,
    ...row.spec.ask,
    ...row.spec.terms,
    priority: row.priority,
    rank: row.rank,
    submitOrder: row.id,
    state,
    lease,
    remainingMs: estimate.remainingMs,
    estimateBasis: estimate.basis,
    held: null,
  };
}
