/** How plots are drawn: over steps or time, how smooth, on which scale. Remembered on this machine, for all plots. */
import { NativeSelect } from '@mantine/core';
import { Button } from '../../ui/button.tsx';
import { prefer, usePreferences } from '../../shared/preferences.ts';

const SMOOTHINGS = [
  { value: '0', label: 'Not smoothed' },
  { value: '0.6', label: 'Smoothed a little' },
  { value: '0.9', label: 'Smoothed' },
  { value: '0.97', label: 'Smoothed much' },
];

export function PlotChoices() {
  const { logScale, plotOver, smoothing } = usePreferences();
  return (
    <div className="plot-choices">
      <NativeSelect
        size="xs"
        aria-label="Smoothing"
        value={String(smoothing)}
        onChange={(event) => prefer({ smoothing: Number(event.currentTarget.value) })}
        data={SMOOTHINGS}
      />
      <Button
        size="small"
        aria-pressed={plotOver === 'time'}
        title="Over the time since the first report, in place of steps"
        onClick={() => prefer({ plotOver: plotOver === 'time' ? 'step' : 'time' })}
      >
        Over time
      </Button>
      <Button size="small" aria-pressed={logScale} onClick={() => prefer({ logScale: !logScale })}>
        Log scale
      </Button>
    </div>
  );
}
