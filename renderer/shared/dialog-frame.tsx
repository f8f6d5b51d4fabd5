/** The frame of every dialog: title, body as a form, buttons at the end, the engine's refusal inline. */
import { Modal } from '@mantine/core';
import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { toApiError } from '../api/problem.ts';
import type { ApiError } from '../api/problem.ts';
import { Button } from '../ui/button.tsx';
import { isOfRefusedField, useProblem } from './use-problem.ts';
import { closeDialog } from './view-state.ts';

export interface DialogFrameProps {
  readonly title: string;
  readonly confirm: string;
  /** What leaves the dialog; another word where "Cancel" is what is asked about. */
  readonly dismiss?: string;
  readonly danger?: boolean;
  readonly wide?: boolean;
  readonly disabled?: boolean;
  /** Runs on confirm; the dialog closes when it resolves and shows the problem when it throws. */
  readonly onConfirm: () => Promise<void>;
  readonly onProblem?: (problem: ApiError | null) => void;
  /** Of a dialog that is not the window's one dialog: called in place of closing that. */
  readonly onClose?: () => void;
  readonly children: ReactNode;
}

export function DialogFrame({
  title,
  confirm,
  dismiss = 'Cancel',
  danger = false,
  wide = false,
  disabled = false,
  onConfirm,
  onProblem,
  onClose = closeDialog,
  children,
}: DialogFrameProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    onProblem?.(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      const refused = toApiError(error);
      setProblem(refused);
      onProblem?.(refused);
      setBusy(false);
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={wide ? 'lg' : 'md'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="dialog-form"
        onSubmit={(event) => void submit(event)}
        onChange={(event) => {
          if (!isOfRefusedField(event)) return;
          setProblem(null);
          onProblem?.(null);
        }}
        noValidate
      >
        {children}
        <div className="dialog-foot">
          {problem !== null && <ProblemBox problem={problem} />}
          <div className="dialog-buttons">
            <Button onClick={onClose}>{dismiss}</Button>
            <Button type="submit" tone={danger ? 'danger' : 'primary'} disabled={busy || disabled}>
              {busy ? 'One moment…' : confirm}
            </Button>
          </div>
        </div>
      </form>
    </Modal>
  );
}

/** @param text instead of the engine's own sentence */
export function ProblemBox({
  problem,
  text = problem.message,
}: {
  readonly problem: ApiError;
  readonly text?: string;
}) {
  const { path } = problem;
  return (
    <div className="problem" role="alert">
      <div>{text}</div>
      {path !== undefined && text === problem.message && !text.includes(path) && <div className="mono dim">{path}</div>}
      {problem.items
        .filter((item) => item.message !== text)
        .slice(0, 5)
        .map((item) => (
          <div key={String(item.id)} className="dim">
            {typeof item.id === 'number' && `#${item.id}: `}
            {item.message}
          </div>
        ))}
      {problem.remedy !== undefined && <div className="dim lines">{problem.remedy}</div>}
    </div>
  );
}
