/** What a trial reports of the metrics its search follows is kept for the search, in the transaction that takes the reports in. */
import type { Database } from 'better-sqlite3';
import type { MetricPoint } from '../../store/reports.ts';
import { getFollowedMetrics, insertSearchNews } from '../../store/searches.ts';
import type { TrialRow } from '../../store/trials.ts';

/**
 * The time of a report is its time metric where it has it, else its step. A metric that is no number counts as the worst there is: such a
 * trial is stopped like any other that is not among the best.
 * @param points in the order in which they were reported
 * @param notFinite names whose number was NaN or infinite, at the latest step
 */
export function noteForSearch(
  db: Database,
  trial: Pick<TrialRow, 'experimentId' | 'spec' | 'step'>,
  points: readonly MetricPoint[],
  notFinite: ReadonlySet<string>,
): void {
  const name = trial.spec.inSweep;
  if (name === undefined) return;
  const followed = getFollowedMetrics(db, trial.experimentId);
  if (followed?.timeMetric === undefined) return;
  const { metric, timeMetric, smallerIsBetter } = followed;
  const times = new Map(points.filter((point) => point.name === timeMetric).map(({ step, value }) => [step, value]));
  const tell = (value: number, step: number): void => {
    const metrics = { [metric]: value, [timeMetric]: times.get(step) ?? step };
    insertSearchNews(db, trial.experimentId, { kind: 'report', trial: name, metrics });
  };
  for (const point of points) if (point.name === metric) tell(point.value, point.step);
  if (!notFinite.has(metric)) return;
  const step = points.reduce((latest, point) => Math.max(latest, point.step), trial.step ?? 0);
  tell(smallerIsBetter ? Number.MAX_VALUE : -Number.MAX_VALUE, step);
}
