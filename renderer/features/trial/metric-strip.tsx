/** The first two metrics above the log: enough to see whether it goes well. */
import type { Trial } from '../../../electron/contract/trials.ts';
import { Plot } from './plot.tsx';
import { useMetrics } from './use-metrics.ts';

const PLOT_PX = 62;

export function MetricStrip({ trial }: { readonly trial: Trial }) {
  const { series } = useMetrics(trial.id, trial.attempt);
  if (series.length === 0) return null;
  return <div className="plots plots-strip">{series.slice(0, 2).map((each) => <Plot key={each.name} series={each} heightPx={PLOT_PX} axes={false} />)}</div>;
}
