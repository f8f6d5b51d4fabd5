/** New experiment: an example, a directory with a command, or a pasted configuration. */
import { Modal, NativeSelect, NumberInput, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { FormEvent } from 'react';
import type { SubmitResult } from '../../../electron/contract/config.ts';
import { api } from '../../api/client.ts';
import type { Example } from '../../api/client.ts';
import { ApiError, toApiError } from '../../api/problem.ts';
import { shell } from '../../api/shell.ts';
import { useEngine } from '../../api/store.ts';
import { Button } from '../../ui/button.tsx';
import { ProblemBox } from '../../ui/dialog-frame.tsx';
import { toastDone } from '../../ui/toasts.tsx';
import { closeDialog, inspect, useView } from '../../ui/view-state.ts';
import { buildConfig, EMPTY_FORM, fieldOfPath } from './submit-form.ts';
import type { SubmitForm } from './submit-form.ts';

type Way = 'command' | 'yaml' | 'example';

export function SubmitDialog() {
  const [way, setWay] = useState<Way>('command');
  const [form, setForm] = useState<SubmitForm>(() => ({ ...EMPTY_FORM, pool: useView.getState().poolId ?? '' }));
  const [yaml, setYaml] = useState('');
  const [examples, setExamples] = useState<readonly Example[]>([]);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  useEffect(() => {
    api.examples().then((answer) => setExamples(answer.examples)).catch(() => undefined);
  }, []);

  const send = async (call: () => Promise<SubmitResult>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const result = await call();
      const first = result.trialIds[0];
      closeDialog();
      toastDone([first === undefined ? 'Queued' : `Queued as #${result.trialIds.join(', #')}`, ...result.notes].join('. '));
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
      const config = way === 'yaml' ? await parseYaml(yaml) : buildConfig(form);
      const path = form.directory.trim();
      return api.submit({ config, source: path === '' ? { kind: 'none' } : { kind: 'directory', path }, idempotencyKey: `${key}-${hash(JSON.stringify([config, path]))}` });
    });
  };

  return (
    <Modal opened onClose={closeDialog} title="New experiment" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className="dialog-form" onSubmit={onSubmit} noValidate>
        <SegmentedControl
          size="xs"
          aria-label="How to describe it"
          value={way}
          onChange={(value) => { setWay(value as Way); setProblem(null); }}
          data={[{ value: 'command', label: 'Directory and command' }, { value: 'yaml', label: 'Paste a configuration' }, ...(examples.length > 0 ? [{ value: 'example', label: 'Example' }] : [])]}
        />
        {way === 'example' && examples.map((example) => (
          <div key={example.id} className="example">
            <div><b>{example.title}</b><p className="dim">{example.description}</p></div>
            <Button tone="primary" disabled={busy} onClick={() => void send(() => api.runExample(example.id))}>Run the example</Button>
          </div>
        ))}
        {way !== 'example' && <DirectoryField value={form.directory} onChange={(directory) => setForm({ ...form, directory })} error={errorOf(problem, 'directory')} />}
        {way === 'command' && <CommandFields form={form} onChange={setForm} problem={problem} />}
        {way === 'yaml' && (
          <Textarea label="Configuration (YAML)" autosize minRows={10} maxRows={20} className="mono-input" spellCheck={false} value={yaml} onChange={(event) => setYaml(event.currentTarget.value)} placeholder={'name: baseline\nentrypoint: python train.py\nresources:\n  slots: 1'} />
        )}
        <div className="dialog-foot">
          {problem !== null && <ProblemBox problem={problem} />}
          <div className="dialog-buttons">
            <Button onClick={closeDialog}>Back</Button>
            {way !== 'example' && <Button type="submit" tone="primary" disabled={busy}>{busy ? 'Taking a snapshot…' : 'Submit'}</Button>}
          </div>
        </div>
      </form>
    </Modal>
  );
}

function DirectoryField({ value, onChange, error }: { readonly value: string; readonly onChange: (value: string) => void; readonly error: string | undefined }) {
  const { pickFolder } = shell;
  return (
    <div className="field-with-button">
      <TextInput label="Directory" description="On the engine’s machine. It is frozen now: later edits do not reach this run." placeholder="/home/you/project" value={value} error={error} data-autofocus onChange={(event) => onChange(event.currentTarget.value)} />
      {pickFolder !== undefined && <Button onClick={() => void pickFolder().then((path) => { if (path !== null) onChange(path); })}>Choose…</Button>}
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
  const runtime = form.runtime === '' ? engine?.defaultRuntime ?? 'process' : form.runtime;
  return (
    <>
      <TextInput label="Command" placeholder="python train.py --epochs 90" className="mono-input" value={form.command} error={errorOf(problem, 'command')} onChange={(event) => set({ command: event.currentTarget.value })} />
      <div className="field-grid">
        <TextInput label="Name" placeholder="from the directory" value={form.name} error={errorOf(problem, 'name')} onChange={(event) => set({ name: event.currentTarget.value })} />
        <NativeSelect label="Pool" value={form.pool} onChange={(event) => set({ pool: event.currentTarget.value })} data={[{ value: '', label: 'Default' }, ...pools.map((pool) => ({ value: pool.id, label: pool.name }))]} error={errorOf(problem, 'pool')} />
        <NumberInput label="Slots (GPUs)" placeholder="1 where there is a GPU" min={0} value={form.slots} error={errorOf(problem, 'slots')} onChange={(slots) => set({ slots })} />
        <NumberInput label="Priority" placeholder="42" min={1} max={99} value={form.priority} error={errorOf(problem, 'priority')} onChange={(priority) => set({ priority })} />
        <TextInput label="Least GPU memory" placeholder="20 GiB" value={form.minGpuMemory} error={errorOf(problem, 'minGpuMemory')} onChange={(event) => set({ minGpuMemory: event.currentTarget.value })} />
        <TextInput label="Time limit (minutes)" inputMode="decimal" placeholder="none" value={form.timeLimitMin} error={errorOf(problem, 'timeLimitMin')} onChange={(event) => set({ timeLimitMin: event.currentTarget.value })} />
        <NativeSelect label="Runtime" value={form.runtime} onChange={(event) => set({ runtime: event.currentTarget.value as SubmitForm['runtime'] })} error={errorOf(problem, 'runtime')} data={[{ value: '', label: `Default (${engine?.defaultRuntime ?? 'process'})` }, { value: 'docker', label: 'Docker' }, { value: 'process', label: 'Process' }]} />
        {runtime === 'docker' && <TextInput label="Image" placeholder="pytorch/pytorch:latest" value={form.image} error={errorOf(problem, 'image')} onChange={(event) => set({ image: event.currentTarget.value })} />}
      </div>
      <Textarea label="Environment" description="One NAME=value per line." autosize minRows={2} maxRows={8} className="mono-input" spellCheck={false} value={form.env} error={errorOf(problem, 'env')} onChange={(event) => set({ env: event.currentTarget.value })} />
    </>
  );
}

const errorOf = (problem: ApiError | null, field: keyof SubmitForm): string | undefined => (problem !== null && fieldOfPath(problem) === field ? problem.message : undefined);

async function parseYaml(text: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ApiError({ status: 0, code: 'invalid_config', detail: `This is not valid YAML: ${error instanceof Error ? error.message : String(error)}` });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError({ status: 0, code: 'invalid_config', detail: 'A configuration is a list of keys with values.', remedy: 'Begin with: entrypoint: python train.py' });
  }
  return value as Record<string, unknown>;
}

/** A short fingerprint: the same input twice is one submit, an edited one is another. */
function hash(text: string): string {
  let value = 5381;
  for (let i = 0; i < text.length; i += 1) value = ((value * 33) ^ text.charCodeAt(i)) >>> 0;
  return value.toString(36);
}
