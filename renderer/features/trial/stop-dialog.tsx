/** Before a running program is ended: what it would lose, what is kept, and the way that loses nothing. */
import { KEPT_DIRECTORY, sayLoss } from '../../../electron/text/lost-work.ts';
import { sayDuration } from '../../../electron/text/say.ts';
import type { TrialActionInput } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { useNow } from '../../shared/clock.ts';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { findLosing } from '../../shared/losing.ts';
import { toastDone } from '../../shared/toasts.tsx';
import { act, trialsOf } from '../../shared/trial-actions.ts';
import { closeDialog } from '../../shared/view-state.ts';
import type { Dialog } from '../../shared/view-state.ts';
import { Button } from '../../ui/button.tsx';
import { nameTrials } from '../../ui/format.ts';

const NAMED = 5;
const VERBS = { pause: 'Pause', cancel: 'Cancel', kill: 'Kill', pool: 'Move' } as const;

export function StopDialog({ stop }: { readonly stop: Extract<Dialog, { kind: 'stop' }> }) {
  const { action, trialIds } = stop;
  useEngine((state) => state.trials);
  const now = useNow(10_000);
  const trials = trialsOf(trialIds);
  const losing = findLosing(trials, action, now);
  const verb = VERBS[action];
  const confirm = async (): Promise<void> => {
    const body: TrialActionInput =
      stop.action === 'pool'
        ? { action: 'pool', trialIds: [...trialIds], poolId: stop.poolId }
        : { action: stop.action, trialIds: [...trialIds] };
    const result = await api.act(body);
    toastDone(result.message, result.undoId);
  };
  return (
    <DialogFrame
      title={`${verb} ${nameTrials(trialIds)}?`}
      confirm={`${verb} ${nameTrials(trialIds)}`}
      dismiss="Back"
      danger
      onConfirm={confirm}
    >
      {losing.length > 0 && (
        <ul className="losses" aria-label="What would be lost">
          {losing.slice(0, NAMED).map(({ trial, lostMs }) => (
            <li key={trial.id}>
              <b>#{trial.id}</b> {trial.name} <span className="loss">{sayLoss(trial, lostMs)}.</span>
            </li>
          ))}
          {losing.length > NAMED && <li className="dim">and {losing.length - NAMED} more lose work.</li>}
        </ul>
      )}
      {(action === 'pause' || action === 'pool') && <p>{KEPT_DIRECTORY}</p>}
      {action === 'pause' && <FreezeInstead trialIds={trialIds} />}
      {(action === 'cancel' || action === 'kill') && <Ending action={action} trialIds={trialIds} />}
    </DialogFrame>
  );
}

/** The other way to stop: it loses nothing, and it keeps the GPU memory. */
function FreezeInstead({ trialIds }: { readonly trialIds: readonly number[] }) {
  const trials = trialsOf(trialIds);
  if (!trials.every((trial) => trial.state === 'running' && !trial.frozen)) return null;
  return (
    <p className="freeze-instead">
      <span>Frozen, it loses nothing: it stands still and keeps its GPU memory.</span>
      <Button
        size="small"
        onClick={() => {
          closeDialog();
          void act({ action: 'freeze', trialIds: [...trialIds] });
        }}
      >
        Freeze instead
      </Button>
    </p>
  );
}

function Ending({ action, trialIds }: { readonly action: 'cancel' | 'kill'; readonly trialIds: readonly number[] }) {
  const trials = trialsOf(trialIds);
  const running = trials.some((trial) => trial.state !== 'queued' && trial.state !== 'paused');
  const graceS = Math.max(0, ...trials.map((trial) => trial.graceS));
  return (
    <p>
      {action === 'kill' && 'The program ends at once and saves nothing more. '}
      {action === 'cancel' && running && `A running program gets ${sayDuration(graceS * 1000)} to end by itself. `}
      Log, metrics and checkpoints stay until you delete the trial.
    </p>
  );
}
