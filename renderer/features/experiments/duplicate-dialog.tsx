/** Duplicate with edits: the trial's configuration as YAML, submitted on the same snapshot. */
import { Textarea } from '@mantine/core';
import { useEffect, useState } from 'react';
import { api } from '../../api/client.ts';
import { ApiError } from '../../api/problem.ts';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { toastDone, toastError } from '../../shared/toasts.tsx';
import { closeDialog, inspect } from '../../shared/view-state.ts';

export function DuplicateDialog({ trialId }: { readonly trialId: number }) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    api
      .trial(trialId)
      .then((detail) => setText(detail.configYaml))
      .catch((error: unknown) => {
        toastError(error);
        closeDialog();
      });
  }, [trialId]);
  const confirm = async (): Promise<void> => {
    const { parse } = await import('yaml');
    let config: Record<string, unknown>;
    try {
      config = parse(text ?? '') as Record<string, unknown>;
    } catch (error) {
      throw new ApiError({
        status: 0,
        code: 'invalid_config',
        detail: `This is not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
    const result = await api.duplicate(trialId, { config, paused: false });
    toastDone(`Queued as #${result.trialIds.join(', #')}`);
    const first = result.trialIds[0];
    if (first !== undefined) inspect(first);
  };
  return (
    <DialogFrame
      title={`Duplicate trial ${trialId}`}
      confirm="Submit the copy"
      wide
      disabled={text === null}
      onConfirm={confirm}
    >
      <Textarea
        label="Configuration (YAML)"
        description="Runs on the same snapshot of the code."
        autosize
        minRows={12}
        maxRows={24}
        className="mono-input"
        spellCheck={false}
        value={text ?? ''}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
    </DialogFrame>
  );
}
