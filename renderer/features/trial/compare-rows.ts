/** What stands in the rows of a comparison of trials, and which of them differ. Pure. */
import type { TrialDetail } from '../../../electron/contract/trials.ts';
import { flatParams } from '../../../electron/text/flat-params.ts';
import { isLowerBetter } from '../../../electron/text/main-metric.ts';
import { sayDuration } from '../../../electron/text/say.ts';
import { formatMetric } from '../../ui/format.ts';
import type { Metric } from './curves.ts';

export interface ComparedRow {
  readonly name: string;
  /** One a trial; null = it has none. */
  readonly cells: readonly (string | null)[];
  readonly differs: boolean;
  /** Which of them is the best; null = none is, or nobody can say. */
  readonly best: number | null;
}

export interface ComparedSection {
  readonly title: string;
  readonly rows: readonly ComparedRow[];
  readonly alike: number;
}

const row = (name: string, cells: readonly (string | null)[], best: number | null = null): ComparedRow => ({
  name,
  cells,
  differs: cells.some((cell) => cell !== cells[0]),
  best,
});

const section = (title: string, rows: readonly ComparedRow[]): ComparedSection => ({
  title,
  rows,
  alike: rows.filter(({ differs }) => !differs).length,
});

/** @param nowMs until when trials that still run have run */
export function compareSections(
  details: readonly TrialDetail[],
  metrics: readonly Metric[],
  nowMs: number,
): readonly ComparedSection[] {
  if (details.length === 0) return [];
  return [
    section('Parameters', paramRows(details)),
    section('Metrics', metricRows(details, metrics)),
    section('Code and environment', environmentRows(details, nowMs)),
  ];
}

function paramRows(details: readonly TrialDetail[]): readonly ComparedRow[] {
  const all = details.map(({ trial }) => flatParams(trial.command, trial.hparams));
  const names = [...new Set(all.flatMap((params) => [...params.keys()]))];
  return names.map((name) =>
    row(
      name,
      all.map((params) => {
        const value = params.get(name);
        return value === undefined ? null : String(value);
      }),
    ),
  );
}

function metricRows(details: readonly TrialDetail[], metrics: readonly Metric[]): readonly ComparedRow[] {
  return metrics.flatMap(({ name, curves }) => {
    const isLower = isLowerBetter(name);
    const of = (trialId: number) => curves.find((curve) => curve.trialId === trialId);
    const bests = details.map(({ trial }) => {
      const curve = of(trial.id);
      return (isLower ? curve?.min : curve?.max) ?? null;
    });
    const lasts = details.map(({ trial }) => of(trial.id)?.last ?? null);
    const text = (value: number | null): string | null => (value === null ? null : formatMetric(value));
    return [row(`${name}, best`, bests.map(text), bestOf(bests, isLower)), row(`${name}, last`, lasts.map(text))];
  });
}

/** @returns where the one best value is; null where several are, or only one trial has any */
export function bestOf(values: readonly (number | null)[], isLower: boolean): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const best = isLower ? Math.min(...known) : Math.max(...known);
  return known.filter((value) => value === best).length === 1 ? values.indexOf(best) : null;
}

function environmentRows(details: readonly TrialDetail[], nowMs: number): readonly ComparedRow[] {
  const of = (name: string, read: (detail: TrialDetail) => string | null): ComparedRow => row(name, details.map(read));
  return [
    of('commit', ({ snapshotInfo }) => {
      const base = snapshotInfo?.base ?? null;
      return base === null ? null : `${base.commit.slice(0, 7)}${base.dirty === true ? ' + changes' : ''}`;
    }),
    of('snapshot', ({ snapshot }) => snapshot?.slice(0, 7) ?? null),
    of('command', ({ trial }) => trial.command),
    of('image', ({ trial }) => trial.image),
    of('runtime', ({ trial }) => trial.runtime),
    of('GPUs', ({ trial }) => String(trial.slots)),
    of('environment', ({ config }) => sayVariables(config['environment'])),
    of('ran', ({ trial }) =>
      trial.startedAtMs === null ? null : sayDuration((trial.endedAtMs ?? nowMs) - trial.startedAtMs),
    ),
    of('ended', ({ trial }) => trial.outcome?.message ?? null),
  ].filter(({ cells }) => cells.some((cell) => cell !== null && cell !== ''));
}

/** Values are masked where they are secret; what is set tells enough. */
function sayVariables(environment: unknown): string | null {
  const variables = (environment as { environment_variables?: Record<string, unknown> } | undefined)
    ?.environment_variables;
  const text = Object.entries(variables ?? {})
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
  return text === '' ? null : text;
}
