/** Keeps the main metric beside the trial's row while its points come in. */
import type { Database } from 'better-sqlite3';
import { lastMetric, metricExtreme, type MetricPoint } from '../../store/reports.ts';
import { updateMainMetric, type TrialRow } from '../../store/trials.ts';
import { chooseMainMetric, isLowerBetter } from '../../text/main-metric.ts';

/** To be called after `points` were written, in the same transaction. @param trial its row before */
export function followMainMetric(db: Database, trial: TrialRow, points: readonly MetricPoint[]): void {
  const reported = new Set(points.map((point) => point.name));
  if (reported.size === 0) return;
  const known = trial.metric;
  const name = chooseMainMetric(known === null ? reported : [known.name, ...reported]);
  if (name === null || !reported.has(name)) return;
  const isLower = isLowerBetter(name);
  const last = lastMetric(db, trial.id, name);
  // Of one that was another's before, points may lie there already; else those that came are all there is to compare.
  const best =
    known?.name === name
      ? points.reduce(
          (so, point) => (point.name !== name ? so : isLower ? Math.min(so, point.value) : Math.max(so, point.value)),
          known.best,
        )
      : metricExtreme(db, trial.id, name, isLower ? 'lowest' : 'highest');
  if (last !== null && best !== null) updateMainMetric(db, trial.id, { name, last, best });
}
