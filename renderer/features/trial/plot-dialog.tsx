/** One metric as large as the window allows. */
import { Modal } from '@mantine/core';
import { useEngine } from '../../api/store.ts';
import { usePreferences } from '../../shared/preferences.ts';
import { trialsOf } from '../../shared/trial-actions.ts';
import { closeDialog } from '../../shared/view-state.ts';
import { gatherMetrics } from './curves.ts';
import { Plot } from './plot.tsx';
import { PlotChoices } from './plot-choices.tsx';
import { PlotLegend } from './plot-legend.tsx';
import { useMetricsOf } from './use-metrics.ts';

const MAX_PLOT_PX = 560;
/** What the dialog has above and below its plot. */
const AROUND_PX = 300;

export function PlotDialog({ trialIds, metric }: { readonly trialIds: readonly number[]; readonly metric: string }) {
  useEngine((state) => state.trials);
  const trials = trialsOf(trialIds);
  const views = useMetricsOf(trials);
  const { logScale, plotOver, smoothing } = usePreferences();
  const curves =
    gatherMetrics(trials, (id) => views.get(id)?.series ?? []).find(({ name }) => name === metric)?.curves ?? [];
  const first = trials[0];
  const title = trials.length === 1 && first !== undefined ? `${metric} of #${first.id} ${first.name}` : metric;
  return (
    <Modal
      opened
      onClose={closeDialog}
      title={title}
      size="min(1200px, 92vw)"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="tab-actions">
        {trials.length > 1 && <PlotLegend trials={trials} />}
        <span className="grow" />
        <span className="dim3">Drag across it to zoom in, double-click to see all of it</span>
        <PlotChoices />
      </div>
      {curves.length > 0 && (
        <Plot
          name={metric}
          curves={curves}
          heightPx={Math.max(200, Math.min(MAX_PLOT_PX, window.innerHeight - AROUND_PX))}
          axes
          logScale={logScale}
          over={plotOver}
          smoothing={smoothing}
        />
      )}
    </Modal>
  );
}
