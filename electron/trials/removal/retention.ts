/** Which checkpoints stay under Determined's three numbers, and which go. Pure. */

export interface Retention {
  /** Of an experiment: so many of its best checkpoints. */
  readonly experimentBest: number;
  /** Of each trial: so many of its best. */
  readonly trialBest: number;
  /** Of each trial: so many of its newest. */
  readonly trialLatest: number;
}

export interface RankedCheckpoint {
  readonly id: number;
  readonly trialId: number;
  /** Of the metric that decides; null = not known: it is never among the best. */
  readonly metric: number | null;
  /** Later ones are newer; equals by id. */
  readonly savedAtMs: number;
  /** Whatever the numbers say it stays: pinned, or what a trial that has not ended goes on from. */
  readonly mustStay: boolean;
}

/**
 * @param checkpoints of one experiment
 * @param isLowerBetter of their metric
 * @returns the ids of those that stay: what any of the three numbers keeps. Equals: the newer one is better
 */
export function keptCheckpoints(
  checkpoints: readonly RankedCheckpoint[],
  { experimentBest, trialBest, trialLatest }: Retention,
  isLowerBetter: boolean,
): ReadonlySet<number> {
  const newestFirst = checkpoints.toSorted((a, b) => b.savedAtMs - a.savedAtMs || b.id - a.id);
  const sign = isLowerBetter ? 1 : -1;
  const bestFirst = newestFirst
    .filter(({ metric }) => metric !== null)
    .toSorted((a, b) => sign * ((a.metric ?? 0) - (b.metric ?? 0)));
  const kept = new Set(checkpoints.filter(({ mustStay }) => mustStay).map(({ id }) => id));
  const keep = (some: readonly RankedCheckpoint[]): void => some.forEach(({ id }) => kept.add(id));
  keep(bestFirst.slice(0, experimentBest));
  for (const trialId of new Set(checkpoints.map((one) => one.trialId))) {
    keep(bestFirst.filter((one) => one.trialId === trialId).slice(0, trialBest));
    keep(newestFirst.filter((one) => one.trialId === trialId).slice(0, trialLatest));
  }
  return kept;
}
