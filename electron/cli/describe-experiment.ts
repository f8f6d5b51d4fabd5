/** Experiments on a terminal: how far they are, and their trials with the best first. Pure. */
import { sayPreview } from '../text/say-preview.ts';
import type { ExperimentDetail, ExperimentView, SearchPreview } from '../contract/experiments.ts';
import { describeTrial } from './describe-trial.ts';
import { differingParams } from './differing-params.ts';
import { formatTable } from './table.ts';

const DIGITS = 5;
const sayValue = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(DIGITS))));

export function experimentTable(experiments: readonly ExperimentView[], width: number | null): string {
  return formatTable(
    [
      { title: 'EXPERIMENT', align: 'right' },
      { title: 'NAME' },
      { title: 'KIND' },
      { title: 'TRIALS', align: 'right' },
      { title: 'BEST' },
      { title: '', flexible: true },
    ],
    experiments.map((one) => [
      String(one.id),
      one.name,
      one.searcher ?? one.kind,
      `${one.outcomes.completed + one.outcomes.failed + one.outcomes.canceled}/${one.expectedTrials}`,
      one.best === null || one.metric === null
        ? ''
        : `${one.metric.name} ${sayValue(one.best.value)} (#${one.best.trialId})`,
      sayState(one),
    ]),
    width,
  ).join('\n');
}

/** "3 running, 2 queued, 7 completed" */
export function sayState({ states, outcomes, phase, endedAtMs }: ExperimentView): string {
  const active = (states.running ?? 0) + (states.starting ?? 0) + (states.stopping ?? 0);
  const parts = [
    [active, 'running'],
    [states.queued ?? 0, 'queued'],
    [states.paused ?? 0, 'paused'],
    [outcomes.completed, 'completed'],
    [outcomes.failed, 'failed'],
    [outcomes.canceled, 'canceled'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const search = phase === 'paused' ? ['search paused'] : phase === 'over' && endedAtMs === null ? ['search over'] : [];
  return [...said, ...search].join(', ');
}

/** Of a row of the queue: what its trials do, and the best so far. */
export function describeSweep(sweep: ExperimentView): string {
  const { best, metric, id } = sweep;
  const found =
    best === null || metric === null ? '' : `; best ${metric.name} ${sayValue(best.value)} (#${best.trialId})`;
  return `${sayState(sweep)}${found}; switchyard exp show ${id}`;
}

export function describeExperiment({ experiment, rungs, timeMetric }: ExperimentDetail): string[] {
  const { metric, best } = experiment;
  const goal = metric === null ? null : `${metric.smallerIsBetter ? 'smallest' : 'largest'} ${metric.name}`;
  const lines = [
    `Experiment ${experiment.id}: ${experiment.name}`,
    `${experiment.searcher ?? experiment.kind}, ${experiment.trials} of ${experiment.expectedTrials} trials: ${sayState(experiment)}`,
  ];
  if (best !== null && goal !== null) lines.push(`Best by ${goal}: #${best.trialId} with ${sayValue(best.value)}`);
  for (const { bracket, rung, units, trials } of rungs)
    lines.push(
      `Bracket ${bracket + 1}, rung ${rung + 1} at ${units} ${timeMetric ?? ''}: ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}` +
        `${trials[0] === undefined ? '' : `, best #${trials[0].trialId} ${sayValue(trials[0].value)}`}`,
    );
  return lines;
}

export function sweepTable({ trials, experiment }: ExperimentDetail, width: number | null, nowMs: number): string[] {
  const differing = differingParams(trials.map(({ trial: { id, hparams } }) => ({ id, hparams, command: '' })));
  const metric = experiment.metric?.name ?? 'METRIC';
  return formatTable(
    [
      { title: 'ID', align: 'right' },
      { title: 'PARAMS' },
      { title: metric, align: 'right' },
      { title: 'LAST', align: 'right' },
      { title: '', flexible: true },
    ],
    trials.map(({ trial, best, last }) => [
      String(trial.id),
      differing.get(trial.id) ?? '',
      sayValue(best),
      sayValue(last),
      describeTrial(trial, nowMs, {}),
    ]),
    width,
  );
}

/** What `submit --dry-run` says. */
export function describePreview(preview: SearchPreview): string[] {
  const { trials, trialMs, examples } = preview;
  const lines = sayPreview(preview).map((sentence) => `${sentence}.`);
  if (trialMs === null) lines.push('How long one takes is not known: --estimate 30m says it.');
  if (trials > 1)
    for (const [index, hparams] of examples.entries()) lines.push(`  t${index + 1}  ${JSON.stringify(hparams)}`);
  if (preview.needsWord) lines.push(`So many want to be allowed: --allow-trials ${trials}.`);
  return [...lines, 'Nothing was queued.'];
}
