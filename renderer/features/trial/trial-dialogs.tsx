/** The small dialogs of trial actions: rename, labels, priority, delete. */
import { NumberInput, TagsInput, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { sayBytes } from '../../../electron/text/say.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { nameTrials, plural } from '../../ui/format.ts';
import { toastDone } from '../../shared/toasts.tsx';
import { trialsOf } from '../../shared/trial-actions.ts';

const MAX_PRIORITY = 99;

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
    <DialogFrame title={`Labels of ${nameTrials(trialIds)}`} confirm="Save labels" onConfirm={confirm}>
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
    <DialogFrame title={`Priority of ${nameTrials(trialIds)}`} confirm="Set priority" onConfirm={confirm}>
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
      title={`Delete ${nameTrials(trialIds)}?`}
      confirm={`Delete ${nameTrials(trialIds)}`}
      danger
      onConfirm={confirm}
    >
      <p>Log, metrics, checkpoints and output go for good. {frees}</p>
    </DialogFrame>
  );
}
