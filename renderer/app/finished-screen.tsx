/** Everything that has ended, beside the inspector. */
import { FinishedPanel } from '../features/finished/finished-panel.tsx';
import { Inspector } from '../features/trial/inspector.tsx';

export function FinishedScreen() {
  return (
    <div className="finished-screen">
      <FinishedPanel />
      <Inspector />
    </div>
  );
}
