/** All metrics of a trial as a grid of live charts, and the same figures as a table. */
import type { Trial } from '../../../electron/contract/trials.ts';
import { formatCount, formatMetric } from '../../ui/format.ts';
import { isCounter } from './metric-kind.ts';
import { Plot } from './plot.tsx';
import { useMetrics } from './use-metrics.ts';

const PLOT_PX = 132;

export function MetricsTab({ trial }: { readonly trial: Trial }) {
  const { series: all, loaded } = useMetrics(trial.id, trial.attempt);
  const series = [...all].sort((a, b) => Number(isCounter(a.name)) - Number(isCounter(b.name)));
  if (!loaded) return null;
  if (series.length === 0) {
    return (
      <div className="tab-scroll tab-empty">
        <p>No metrics yet.</p>
        <p className="dim">A trial reports them from Python:</p>
        <pre className="yaml mono">{'import switchyard\nswitchyard.metrics(step, loss=loss, accuracy=accuracy)'}</pre>
      </div>
    );
  }
  return (
    <div className="tab-scroll">
      <div className="plots">{series.map((each) => <Plot key={each.name} series={each} heightPx={PLOT_PX} axes />)}</div>
      <table className="plain-table">
        <thead><tr><th scope="col">Metric</th><th scope="col">Last</th><th scope="col">Lowest</th><th scope="col">Highest</th><th scope="col">Step</th></tr></thead>
        <tbody>
          {series.map((each) => (
            <tr key={each.name}>
              <td>{each.name}</td><td>{formatMetric(each.last)}</td><td>{formatMetric(each.min)}</td><td>{formatMetric(each.max)}</td>
              <td>{each.points.length === 0 ? '–' : formatCount(each.points.at(-1)![0])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
