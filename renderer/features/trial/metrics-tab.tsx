/** All metrics of a trial as a grid of live charts, and the same figures as a table; of several selected trials over each other. */
import type { Trial } from '../../../electron/contract/trials.ts';
import { useEngine } from '../../api/store.ts';
import { formatCount, formatMetric } from '../../ui/format.ts';
import { usePreferences } from '../../shared/preferences.ts';
import { trialsOf } from '../../shared/trial-actions.ts';
import { openDialog, useView } from '../../shared/view-state.ts';
import { gatherMetrics, MAX_CURVES } from './curves.ts';
import type { Metric } from './curves.ts';
import { isCounter } from './metric-kind.ts';
import { LogOffer } from './log-offer.tsx';
import { Plot } from './plot.tsx';
import { PlotChoices } from './plot-choices.tsx';
import { PlotLegend } from './plot-legend.tsx';
import { useMetricsOf } from './use-metrics.ts';

const PLOT_PX = 132;

/** The selected trials when the inspected one is among them, the inspected one first; else that one alone. `left`: how many more there are. */
function useCompared(trial: Trial): { readonly trials: readonly Trial[]; readonly left: number } {
  const selection = useView((state) => state.selection);
  useEngine((state) => state.trials);
  if (!selection.has(trial.id)) return { trials: [trial], left: 0 };
  const started = [trial.id, ...[...selection].filter((id) => id !== trial.id)]
    .flatMap((id) => trialsOf([id]))
    .filter((each) => each.id === trial.id || each.attempt > 0);
  return { trials: started.slice(0, MAX_CURVES), left: Math.max(0, started.length - MAX_CURVES) };
}

export function MetricsTab({ trial }: { readonly trial: Trial }) {
  const { trials, left } = useCompared(trial);
  const views = useMetricsOf(trials);
  const { logScale, plotOver, smoothing } = usePreferences();
  const metrics = gatherMetrics(trials, (id) => views.get(id)?.series ?? []).sort(
    (a, b) => Number(isCounter(a.name)) - Number(isCounter(b.name)),
  );
  if (!trials.every(({ id }) => views.get(id)?.loaded === true) && metrics.length === 0) return null;
  if (metrics.length === 0) {
    return (
      <div className="tab-scroll tab-empty">
        <p>No metrics yet.</p>
        <p className="dim">A trial reports them from Python:</p>
        <pre className="yaml mono">{'import switchyard\nswitchyard.metrics(step, loss=loss, accuracy=accuracy)'}</pre>
        <LogOffer trial={trial} />
      </div>
    );
  }
  return (
    <div className="tab-scroll">
      <div className="tab-actions">
        {trials.length > 1 && <PlotLegend trials={trials} left={left} />}
        <span className="grow" />
        <PlotChoices />
      </div>
      <div className="plots">
        {metrics.map(({ name, curves }) => (
          <Plot
            key={name}
            name={name}
            curves={curves}
            heightPx={PLOT_PX}
            axes
            logScale={logScale}
            over={plotOver}
            smoothing={smoothing}
            onEnlarge={() => openDialog({ kind: 'plot', trialIds: trials.map(({ id }) => id), metric: name })}
          />
        ))}
      </div>
      <LogOffer trial={trial} />
      <Figures metrics={metrics} several={trials.length > 1} />
    </div>
  );
}

function Figures({ metrics, several }: { readonly metrics: readonly Metric[]; readonly several: boolean }) {
  return (
    <table className="plain-table">
      <thead>
        <tr>
          <th scope="col">Metric</th>
          {several && <th scope="col">Trial</th>}
          <th scope="col">Last</th>
          <th scope="col">Lowest</th>
          <th scope="col">Highest</th>
          <th scope="col">Step</th>
        </tr>
      </thead>
      <tbody>
        {metrics.flatMap(({ name, curves }) =>
          curves.map((curve) => (
            <tr key={`${name} ${curve.trialId}`}>
              <td>{name}</td>
              {several && <td>#{curve.trialId}</td>}
              <td>{formatMetric(curve.last)}</td>
              <td>{formatMetric(curve.min)}</td>
              <td>{formatMetric(curve.max)}</td>
              <td>{curve.points.length === 0 ? '–' : formatCount(curve.points.at(-1)![0])}</td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}
