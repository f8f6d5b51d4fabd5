/** Two metrics above the log: enough to see whether it goes well. */
import type { MetricSeries, Trial } from '../../../electron/contract/trials.ts';
import { openDialog } from '../../shared/view-state.ts';
import { gatherMetrics } from './curves.ts';
import { isCounter, isScore } from './metric-kind.ts';
import { Plot } from './plot.tsx';
import { useMetrics } from './use-metrics.ts';

const PLOT_PX = 62;

/** The two metrics that say most: a loss and a score, of the validation set where there is one. */
function telling(series: readonly MetricSeries[]): readonly MetricSeries[] {
  const weight = ({ name }: MetricSeries): number =>
    (isCounter(name) ? 8 : 0) +
    (/loss|err/i.test(name) || isScore(name) ? 0 : 4) +
    (/^(val|valid|eval|test)/i.test(name) ? 0 : 1);
  const sorted = [...series].sort((a, b) => weight(a) - weight(b));
  const score = sorted.find(({ name }) => isScore(name));
  const other = sorted.find((each) => each !== score);
  return [other, score ?? sorted.find((each) => each !== other)].flatMap((each) => each ?? []);
}

export function MetricStrip({ trial }: { readonly trial: Trial }) {
  const { series } = useMetrics(trial);
  if (series.length === 0) return null;
  return (
    <div className="plots plots-strip">
      {gatherMetrics([trial], () => telling(series)).map(({ name, curves }) => (
        <Plot
          key={name}
          name={name}
          curves={curves}
          heightPx={PLOT_PX}
          axes={false}
          logScale={false}
          onEnlarge={() => openDialog({ kind: 'plot', trialIds: [trial.id], metric: name })}
        />
      ))}
    </div>
  );
}
