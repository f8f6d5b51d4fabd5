/** The small dialogs of trial actions: rename, labels, priority, stop, delete. */
import { NumberInput, TagsInput, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { sayBytes, sayDuration } from '../../../electron/text/say.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { plural } from '../../ui/format.ts';
import { toastDone } from '../../shared/toasts.tsx';
import { trialsOf } from '../../shared/trial-actions.ts';

const MAX_PRIORITY = 99;

const nameThem = (trialIds: readonly number[]): string =>
  trialIds.length === 1 ? `trial ${trialIds[0]}` : plural(trialIds.length, 'trial');

export function RenameDialog({ trialId }: { readonly trialId: number }) {
  const [name, setName] = useState(() => useEngine.getState().trials.byId.get(trialId)?.name ?? '');
  const confirm = async (): Promise<void> => {
    const result = await api.act({ action: 'rename', trialIds: [trialId], name });
    toastDone(result.message, result.undoId);
  };
  return (
    <DialogFrame title={`Rename trial ${trialId}`} confirm="Rename" onConfirm={confirm}>
      <TextInput label="Name" value={name} data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
    </DialogFrame>
  );
}

export function LabelsDialog({ trialIds }: { readonly trialIds: readonly number[] }) {
  const [before] = useState(() => {
    const trials = trialsOf(trialIds);
    return trials[0]?.labels.filter((label) => trials.every((trial) => trial.labels.includes(label))) ?? [];
  });
  const [labels, setLabels] = useState(before);
  const confirm = async (): Promise<void> => {
    const add = labels.filter((label) => !before.includes(label));
    const remove = before.filter((label) => !labels.includes(label));
    const result = await api.act({ action: 'label', trialIds: [...trialIds], add, remove });
    toastDone(result.message, result.undoId);
  };
  return (
    <DialogFrame title={`Labels of ${nameThem(trialIds)}`} confirm="Save labels" onConfirm={confirm}>
      <TagsInput
        label="Labels"
        description={trialIds.length > 1 ? 'Labels all of them have. What you add goes to every one.' : undefined}
        value={labels}
        onChange={setLabels}
        data-autofocus
      />
    </DialogFrame>
  );
}

export function PriorityDialog({ trialIds }: { readonly trialIds: readonly number[] }) {
  const [priority, setPriority] = useState<number | string>(() => trialsOf(trialIds)[0]?.priority ?? '');
  const confirm = async (): Promise<void> => {
    const result = await api.act({ action: 'priority', trialIds: [...trialIds], priority: Number(priority) });
    toastDone(result.message, result.undoId);
  };
  return (
    <DialogFrame title={`Priority of ${nameThem(trialIds)}`} confirm="Set priority" onConfirm={confirm}>
      <NumberInput
        label="Priority"
        description="1 goes first, 99 last; 42 is the default. Among equals the order stays."
        value={priority}
        onChange={setPriority}
        min={1}
        max={MAX_PRIORITY}
        data-autofocus
      />
    </DialogFrame>
  );
}

export function StopDialog({
  action,
  trialIds,
}: {
  readonly action: 'cancel' | 'kill';
  readonly trialIds: readonly number[];
}) {
  const trials = trialsOf(trialIds);
  const running = trials.filter((trial) => trial.state !== 'queued' && trial.state !== 'paused').length;
  const graceS = Math.max(0, ...trials.map((trial) => trial.graceS));
  const confirm = async (): Promise<void> => {
    const result = await api.act({ action, trialIds: [...trialIds] });
    toastDone(result.message, result.undoId);
  };
  const verb = action === 'kill' ? 'Kill' : 'Cancel';
  return (
    <DialogFrame
      title={`${verb} ${nameThem(trialIds)}?`}
      confirm={`${verb} ${nameThem(trialIds)}`}
      dismiss="Back"
      danger
      onConfirm={confirm}
    >
      <p>
        {action === 'kill' && 'The program ends at once and saves nothing more.'}
        {action === 'cancel' &&
          running > 0 &&
          `A running program gets ${sayDuration(graceS * 1000)} to end by itself.`}{' '}
        Log, metrics and checkpoints stay until you delete the trial.
      </p>
    </DialogFrame>
  );
}

export function DeleteDialog({ trialIds }: { readonly trialIds: readonly number[] }) {
  const [frees, setFrees] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    api
      .deletePreview(trialIds)
      .then((preview) => {
        if (current)
          setFrees(
            `Frees ${sayBytes(preview.freesBytes)}${preview.checkpoints > 0 ? `, with ${plural(preview.checkpoints, 'checkpoint')}` : ''}.`,
          );
      })
      .catch(() => setFrees(null));
    return () => {
      current = false;
    };
  }, [trialIds]);
  const confirm = async (): Promise<void> => {
    const result = await api.act({ action: 'delete', trialIds: [...trialIds] });
    toastDone(
      result.freedBytes === undefined ? result.message : `${result.message}, ${sayBytes(result.freedBytes)} freed`,
    );
  };
  return (
    <DialogFrame
      title={`Delete ${nameThem(trialIds)}?`}
      confirm={`Delete ${nameThem(trialIds)}`}
      danger
      onConfirm={confirm}
    >
      <p>Log, metrics, checkpoints and output go for good. {frees}</p>
    </DialogFrame>
  );
}
