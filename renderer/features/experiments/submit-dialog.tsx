/** New experiment: an example, a directory with a command, or a pasted configuration. */
import { Modal, NativeSelect, NumberInput, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { FormEvent } from 'react';
import type { SubmitResult } from '../../../electron/contract/config.ts';
import { api } from '../../api/client.ts';
import type { Example } from '../../api/client.ts';
import { ApiError, toApiError } from '../../api/problem.ts';
import { shell } from '../../api/shell.ts';
import { useEngine } from '../../api/store.ts';
import { Button } from '../../ui/button.tsx';
import { ProblemBox } from '../../shared/dialog-frame.tsx';
import { joinSentences } from '../../ui/format.ts';
import { toastDone } from '../../shared/toasts.tsx';
import { isOfRefusedField, useProblem } from '../../shared/use-problem.ts';
import { closeDialog, inspect, useView } from '../../shared/view-state.ts';
import { buildConfig, describeRefusal, EMPTY_FORM, FIELD_LABELS, fieldOfPath, readSource } from './submit-form.ts';
import type { SubmitForm } from './submit-form.ts';

type Way = 'command' | 'yaml' | 'example';

export function SubmitDialog() {
  const [way, setWay] = useState<Way>('command');
  const [form, setForm] = useState<SubmitForm>(() => ({ ...EMPTY_FORM, pool: useView.getState().poolId ?? '' }));
  const [yaml, setYaml] = useState('');
  const [examples, setExamples] = useState<readonly Example[]>([]);
  const [problem, setProblem] = useProblem();
  const [busy, setBusy] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  useEffect(() => {
    api
      .examples()
      .then((answer) => setExamples(answer.examples))
      .catch(() => undefined);
  }, []);

  const formElement = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (problem !== null) formElement.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem]);

  const send = async (call: () => Promise<SubmitResult>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const result = await call();
      const first = result.trialIds[0];
      closeDialog();
      toastDone(
        joinSentences([first === undefined ? 'Queued' : `Queued as #${result.trialIds.join(', #')}`, ...result.notes]),
      );
      if (first !== undefined) inspect(first);
    } catch (error) {
      setProblem(toApiError(error));
    } finally {
      setBusy(false);
    }
  };

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void send(async () => {
      const { parse } = await import('yaml');
      const config = way === 'yaml' ? readYaml(yaml, parse) : buildConfig(form, parse);
      const source = readSource(form.directory);
      return api.submit({ config, source, idempotencyKey: `${key}-${hash(JSON.stringify([config, source]))}` });
    });
  };

  return (
    <Modal opened onClose={closeDialog} title="New experiment" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        ref={formElement}
        className="dialog-form"
        onSubmit={onSubmit}
        onChange={(event) => {
          if (isOfRefusedField(event)) setProblem(null);
        }}
        noValidate
      >
        <SegmentedControl
          size="xs"
          aria-label="How to describe it"
          value={way}
          onChange={(value) => {
            setWay(value as Way);
            setProblem(null);
          }}
          data={[
            { value: 'command', label: 'Directory and command' },
            { value: 'yaml', label: 'Paste a configuration' },
            ...(examples.length > 0 ? [{ value: 'example', label: 'Example' }] : []),
          ]}
        />
        {way === 'example' &&
          examples.map((example) => (
            <div key={example.id} className="example">
              <div>
                <b>{example.title}</b>
                <p className="dim">{example.description}</p>
              </div>
              <Button tone="primary" disabled={busy} onClick={() => void send(() => api.runExample(example.id))}>
                Run the example
              </Button>
            </div>
          ))}
        {way !== 'example' && (
          <DirectoryField
            value={form.directory}
            onChange={(directory) => setForm({ ...form, directory })}
            error={isAtFault(problem, 'directory')}
          />
        )}
        {way === 'command' && <CommandFields form={form} onChange={setForm} problem={problem} />}
        {way === 'yaml' && (
          <Textarea
            label="Configuration (YAML)"
            autosize
            minRows={10}
            maxRows={20}
            className="mono-input"
            spellCheck={false}
            value={yaml}
            onChange={(event) => setYaml(event.currentTarget.value)}
            placeholder={'name: baseline\nentrypoint: python train.py\nresources:\n  slots: 1'}
          />
        )}
        <div className="dialog-foot">
          {problem !== null && (
            <ProblemBox
              problem={problem}
              text={
                way === 'command' || problem.path?.startsWith('source') === true
                  ? describeRefusal(problem)
                  : problem.message
              }
            />
          )}
          <div className="dialog-buttons">
            <Button onClick={closeDialog}>Cancel</Button>
            {way !== 'example' && (
              <Button type="submit" tone="primary" disabled={busy}>
                {busy ? 'Taking a snapshot…' : 'Submit'}
              </Button>
            )}
          </div>
        </div>
      </form>
    </Modal>
  );
}

function DirectoryField({
  value,
  onChange,
  error,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: boolean;
}) {
  const { pickFolder } = shell;
  return (
    <div className="field-with-button">
      <TextInput
        label={FIELD_LABELS.directory}
        description="On the engine’s machine. It is frozen now: later edits do not reach this run."
        placeholder="/home/you/project"
        value={value}
        error={error}
        data-autofocus
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {pickFolder !== undefined && (
        <Button
          onClick={() =>
            void pickFolder().then((path) => {
              if (path !== null) onChange(path);
            })
          }
        >
          Choose…
        </Button>
      )}
    </div>
  );
}

interface CommandFieldsProps {
  readonly form: SubmitForm;
  readonly onChange: (form: SubmitForm) => void;
  readonly problem: ApiError | null;
}

function CommandFields({ form, onChange, problem }: CommandFieldsProps) {
  const pools = useEngine((state) => state.pools);
  const engine = useEngine((state) => state.engine);
  const set = (patch: Partial<SubmitForm>): void => onChange({ ...form, ...patch });
  const runtime = form.runtime === '' ? (engine?.defaultRuntime ?? 'process') : form.runtime;
  return (
    <>
      <TextInput
        label={FIELD_LABELS.command}
        placeholder="python train.py --epochs 90"
        className="mono-input"
        value={form.command}
        error={isAtFault(problem, 'command')}
        onChange={(event) => set({ command: event.currentTarget.value })}
      />
      <div className="field-grid">
        <TextInput
          label={FIELD_LABELS.name}
          placeholder="made up if left empty"
          value={form.name}
          error={isAtFault(problem, 'name')}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <NativeSelect
          label={FIELD_LABELS.pool}
          value={form.pool}
          onChange={(event) => set({ pool: event.currentTarget.value })}
          data={[{ value: '', label: 'Default' }, ...pools.map((pool) => ({ value: pool.id, label: pool.name }))]}
          error={isAtFault(problem, 'pool')}
        />
        <NumberInput
          label={FIELD_LABELS.slots}
          placeholder="1 where there is a GPU"
          min={0}
          value={form.slots}
          error={isAtFault(problem, 'slots')}
          onChange={(slots) => set({ slots })}
        />
        <NumberInput
          label={FIELD_LABELS.priority}
          placeholder="42"
          min={1}
          max={99}
          value={form.priority}
          error={isAtFault(problem, 'priority')}
          onChange={(priority) => set({ priority })}
        />
        <TextInput
          label={FIELD_LABELS.minGpuMemory}
          placeholder="20 GiB"
          value={form.minGpuMemory}
          error={isAtFault(problem, 'minGpuMemory')}
          onChange={(event) => set({ minGpuMemory: event.currentTarget.value })}
        />
        <TextInput
          label={FIELD_LABELS.timeLimitMin}
          inputMode="decimal"
          placeholder="none"
          value={form.timeLimitMin}
          error={isAtFault(problem, 'timeLimitMin')}
          onChange={(event) => set({ timeLimitMin: event.currentTarget.value })}
        />
        <NativeSelect
          label={FIELD_LABELS.runtime}
          value={form.runtime}
          onChange={(event) => set({ runtime: event.currentTarget.value as SubmitForm['runtime'] })}
          error={isAtFault(problem, 'runtime')}
          data={[
            { value: '', label: `Default (${engine?.defaultRuntime ?? 'process'})` },
            { value: 'docker', label: 'Docker' },
            { value: 'process', label: 'Process' },
          ]}
        />
        {runtime === 'docker' && (
          <TextInput
            label={FIELD_LABELS.image}
            placeholder="pytorch/pytorch:latest"
            value={form.image}
            error={isAtFault(problem, 'image')}
            onChange={(event) => set({ image: event.currentTarget.value })}
          />
        )}
      </div>
      <Textarea
        label={FIELD_LABELS.hparams}
        description="One key=value per line. In Python: switchyard.hparams()"
        autosize
        minRows={2}
        maxRows={8}
        className="mono-input"
        spellCheck={false}
        placeholder={'lr=0.0003\nmodel.depth=4'}
        value={form.hparams}
        error={isAtFault(problem, 'hparams')}
        onChange={(event) => set({ hparams: event.currentTarget.value })}
      />
      <Textarea
        label={FIELD_LABELS.env}
        description="One NAME=value per line."
        autosize
        minRows={2}
        maxRows={8}
        className="mono-input"
        spellCheck={false}
        value={form.env}
        error={isAtFault(problem, 'env')}
        onChange={(event) => set({ env: event.currentTarget.value })}
      />
    </>
  );
}

/** A field at fault is marked; what is wrong with it is said once, beside the button. */
const isAtFault = (problem: ApiError | null, field: keyof SubmitForm): boolean =>
  problem !== null && fieldOfPath(problem) === field;

function readYaml(text: string, parse: (text: string) => unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ApiError({
      status: 0,
      code: 'invalid_config',
      detail: `This is not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError({
      status: 0,
      code: 'invalid_config',
      detail: 'A configuration is a list of keys with values.',
      remedy: 'Begin with: entrypoint: python train.py',
    });
  }
  return value as Record<string, unknown>;
}

/** A short fingerprint: the same input twice is one submit, an edited one is another. */
function hash(text: string): string {
  let value = 5381;
  for (let i = 0; i < text.length; i += 1) value = ((value * 33) ^ text.charCodeAt(i)) >>> 0;
  return value.toString(36);
}
