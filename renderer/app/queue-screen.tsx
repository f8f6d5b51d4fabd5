/** Puts the features of the queue screen side by side; they know nothing of each other. */
import { GpuStrip } from '../features/gpus/gpu-strip.tsx';
import { DragProvider } from '../features/queue/drag-provider.tsx';
import { PoolList } from '../features/queue/pool-list.tsx';
import { QueuePanel } from '../features/queue/queue-panel.tsx';
import { Inspector } from '../features/trial/inspector.tsx';

export function QueueScreen() {
  return (
    <DragProvider>
      <div className="queue-screen">
        <PoolList />
        <main className="queue-main" aria-label="Queue">
          <GpuStrip />
          <QueuePanel />
        </main>
        <Inspector />
      </div>
    </DragProvider>
  );
}
