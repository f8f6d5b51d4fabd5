/** The table of experiments beside the inspector, or some of its trials side by side. */
import { TablePanel } from '../features/table/table-panel.tsx';
import { ComparePanel } from '../features/trial/compare-panel.tsx';
import { Inspector } from '../features/trial/inspector.tsx';
import { useView } from '../shared/view-state.ts';

export function ExperimentsScreen() {
  const compared = useView((state) => state.compared);
  return (
    <div className="experiments-screen">
      {compared === null ? <TablePanel /> : <ComparePanel trialIds={compared} />}
      <Inspector />
    </div>
  );
}
