/** The open dialog, if any. */
import { AccountDialog } from '../features/cloud/account-dialog.tsx';
import { AddMachineDialog } from '../features/cloud/add-machine.tsx';
import { AddCloudPoolDialog } from '../features/cloud/add-cloud-pool.tsx';
import { MoveDialog } from '../features/cloud/move-dialog.tsx';
import { PoolCreateDialog, PoolDeleteDialog, PoolSettingsDialog } from '../features/queue/pool-dialogs.tsx';
import { DuplicateDialog } from '../features/experiments/duplicate-dialog.tsx';
import { PlotDialog } from '../features/trial/plot-dialog.tsx';
import { SubmitDialog } from '../features/experiments/submit-dialog.tsx';
import { DeleteDialog, LabelsDialog, PriorityDialog, RenameDialog } from '../features/trial/trial-dialogs.tsx';
import { StopDialog } from '../features/trial/stop-dialog.tsx';
import { useView } from '../shared/view-state.ts';
import { ShortcutsSheet } from './shortcuts.tsx';

export function Dialogs() {
  const dialog = useView((state) => state.dialog);
  switch (dialog?.kind) {
    case undefined:
      return null;
    case 'submit':
      return <SubmitDialog key={dialog.directory} directory={dialog.directory} />;
    case 'duplicate':
      return <DuplicateDialog trialId={dialog.trialId} />;
    case 'rename':
      return <RenameDialog trialId={dialog.trialId} />;
    case 'labels':
      return <LabelsDialog trialIds={dialog.trialIds} />;
    case 'priority':
      return <PriorityDialog trialIds={dialog.trialIds} />;
    case 'stop':
      return <StopDialog stop={dialog} />;
    case 'delete':
      return <DeleteDialog trialIds={dialog.trialIds} />;
    case 'pool-settings':
      return <PoolSettingsDialog poolId={dialog.poolId} />;
    case 'pool-create':
      return <PoolCreateDialog />;
    case 'pool-delete':
      return <PoolDeleteDialog poolId={dialog.poolId} />;
    case 'account':
      return <AccountDialog name={dialog.name} />;
    case 'machine-add':
      return <AddMachineDialog />;
    case 'cloud-pool-add':
      return <AddCloudPoolDialog />;
    case 'move':
      return (
        <MoveDialog trialIds={dialog.trialIds} {...(dialog.poolId === undefined ? {} : { poolId: dialog.poolId })} />
      );
    case 'plot':
      return <PlotDialog trialIds={dialog.trialIds} metric={dialog.metric} />;
    case 'shortcuts':
      return <ShortcutsSheet />;
  }
}
