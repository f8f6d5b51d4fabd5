/** What a submit would make: how many trials, how long they run at least and at most, what that is in GPU hours, before any of it is queued. */
import type { SubmitBody } from '../contract/config.ts';
import type { SearchPreview } from '../contract/experiments.ts';
import type { TrialSpec } from '../store/trial-spec.ts';
import { TRIALS_WITHOUT_A_WORD } from './plan-trials.ts';
import { estimateKeyOf, judgeSubmit, type SubmitDeps } from './submit.ts';

const MOST_EXAMPLES = 5;
const HOUR_MS = 3_600_000;

export interface PreviewFacts {
  /** How long a trial like this took before, ms; null = not known. */
  readonly likeRunsMs: (like: {
    readonly estimateKey: string;
    readonly hparams: Readonly<Record<string, unknown>>;
    readonly spec: TrialSpec;
  }) => number | null;
  /** How many trials that ask for so many GPUs a pool runs at once. */
  readonly atOnce: (poolId: string, slots: number) => number;
}

/** @throws SwitchyardError what a submit would be refused with, but for the number of its trials */
export async function previewSubmit(
  deps: SubmitDeps,
  facts: PreviewFacts,
  body: Pick<SubmitBody, 'config' | 'source'>,
): Promise<SearchPreview> {
  if (body.source.kind !== 'none') await deps.snapshots.checkSource(body.source.path);
  return previewOf(facts, await judgeSubmit(deps, body));
}

/** @param judged what a submit was found to mean */
export function previewOf(
  facts: PreviewFacts,
  { plan, resolved, config, sourceDir }: Awaited<ReturnType<typeof judgeSubmit>>,
): SearchPreview {
  const { spec } = resolved;
  const { slots } = spec.ask;
  const estimateKey = estimateKeyOf(config, spec, sourceDir);
  const trialMs = facts.likeRunsMs({ estimateKey, hparams: resolved.hparams, spec }) ?? spec.estimatedMs;
  const search = plan.search?.config ?? null;
  const rungs = plan.search?.preview.plan ?? null;
  const maxTime = search !== null && 'maxTime' in search ? search.maxTime : null;
  /** In whole runs. */
  const least =
    rungs === null || maxTime === null
      ? plan.count
      : rungs.reduce((sum, { units, trials }) => sum + (trials * Math.min(units, maxTime)) / maxTime, 0);
  const concurrency = search !== null && 'maxConcurrentTrials' in search ? search.maxConcurrentTrials : 0;
  const most = Math.min(plan.count, concurrency === 0 ? plan.count : concurrency, facts.atOnce(resolved.poolId, slots));
  return {
    kind: plan.kind,
    trials: plan.count,
    needsWord: plan.count > TRIALS_WITHOUT_A_WORD,
    rungs: rungs === null ? null : rungs.map((rung) => ({ ...rung })),
    timeMetric: search !== null && 'timeMetric' in search ? search.timeMetric : null,
    trialMs,
    slots,
    gpuHours:
      trialMs === null || slots === 0
        ? null
        : { least: (least * trialMs * slots) / HOUR_MS, most: (plan.count * trialMs * slots) / HOUR_MS },
    // Between what the rungs must keep and nobody being stopped.
    endsInMs: trialMs === null || most === 0 ? null : Math.round((((least + plan.count) / 2) * trialMs) / most),
    examples: plan.members.slice(0, MOST_EXAMPLES).map(({ hparams }) => ({ ...hparams })),
  };
}
