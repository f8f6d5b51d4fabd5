/** The middle of the queue screen: toolbar and list, or the empty state. */
import { useChosenPool, useQueueModel } from './use-queue.ts';
import { EmptyQueue } from './empty-queue.tsx';
import { QueueList } from './queue-list.tsx';
import { QueueToolbar } from './queue-toolbar.tsx';
import { Timeline } from './timeline.tsx';
import type { Pool } from '../../../electron/contract/pools.ts';

export function QueuePanel() {
  const pool = useChosenPool();
  return pool === undefined ? null : <PoolQueue pool={pool} />;
}

function PoolQueue({ pool }: { readonly pool: Pool }) {
  const model = useQueueModel(pool.id);
  return (
    <>
      <Timeline pool={pool} />
      <QueueToolbar pool={pool} />
      {model.items.length === 0 ? (
        <EmptyQueue poolName={pool.name} />
      ) : (
        <QueueList model={model} poolName={pool.name} />
      )}
    </>
  );
}
