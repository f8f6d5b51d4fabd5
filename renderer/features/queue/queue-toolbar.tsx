/** Above the queue: which pool, whether it takes trials, and what can be done with the selection. */
import { Switch } from '@mantine/core';
import type { Pool } from '../../../electron/contract/pools.ts';
import { useEngine } from '../../api/store.ts';
import { poolAction } from '../../shared/engine-actions.ts';
import { formatCount } from '../../ui/format.ts';
import { Tag } from '../../ui/pieces.tsx';
import { ActionButtons } from '../../shared/action-buttons.tsx';
import { TRIAL_ACTIONS } from '../../shared/action-table.ts';
import type { ActionId } from '../../shared/action-table.ts';
import { trialsOf } from '../../shared/trial-actions.ts';
import { useView } from '../../shared/view-state.ts';

const ON_THE_BAR: readonly ActionId[] = ['top', 'pause', 'resume', 'retry', 'archive', 'cancel'];

export function QueueToolbar({ pool }: { readonly pool: Pool }) {
  return (
    <div className="queue-toolbar">
      <h1>{pool.name}</h1>
      {pool.state === 'open' && <Tag tone="go">taking trials</Tag>}
      {pool.state === 'paused' && <Tag tone="hold">paused</Tag>}
      {pool.state === 'draining' && <Tag tone="wait">draining</Tag>}
      <Switch
        size="sm"
        color="var(--go-solid)"
        aria-label={`${pool.name} takes trials`}
        checked={pool.state === 'open'}
        onChange={(event) => void poolAction(pool, event.currentTarget.checked ? 'resume' : 'pause')}
      />
      <SelectionBar />
    </div>
  );
}

function SelectionBar() {
  const selection = useView((state) => state.selection);
  const table = useEngine((state) => state.trials);
  if (selection.size === 0) return null;
  const trials = [...selection].flatMap((id) => table.byId.get(id) ?? []);
  const offered = TRIAL_ACTIONS.filter((action) => ON_THE_BAR.includes(action.id) && action.applies(trials)).slice(
    0,
    3,
  );
  return (
    <div className="selection-bar" role="toolbar" aria-label="Actions on the selection">
      <span className="dim">{formatCount(trials.length)} selected</span>
      <ActionButtons actions={offered} trials={() => trialsOf(selection)} moreLabel="More actions on the selection" />
    </div>
  );
}
