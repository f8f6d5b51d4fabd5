/** The form of a submit: the command and everything a configuration can say of it in a field. */
import { NativeSelect, NumberInput, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { PythonEnvironment } from '../../../electron/contract/form.ts';
import type { ApiError } from '../../api/problem.ts';
import { useEngine } from '../../api/store.ts';
import { AfterField } from './after-field.tsx';
import { chosenPython, FIELD_LABELS, fieldOfPath } from './submit-form.ts';
import type { SubmitForm } from './submit-form.ts';

export interface CommandFieldsProps {
  readonly form: SubmitForm;
  readonly onChange: (form: SubmitForm) => void;
  readonly problem: ApiError | null;
  readonly environments: readonly PythonEnvironment[];
  /** Labels of the latest trials. */
  readonly recentLabels: readonly string[];
}

const HYPERPARAMETER_HELP =
  'One key=value per line; lr=0.1,0.01 or seed=range(3) make a sweep, params.yaml:train.lr=0.1 changes a file of the copy. ' +
  'In Python: switchyard.hparams()';

export function CommandFields({ form, onChange, problem, environments, recentLabels }: CommandFieldsProps) {
  const pools = useEngine((state) => state.pools);
  const engine = useEngine((state) => state.engine);
  const settings = useEngine((state) => state.settings);
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
        {runtime === 'process' && <PythonField form={form} environments={environments} onChange={set} />}
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
        <NumberInput
          label={FIELD_LABELS.restarts}
          placeholder="0"
          min={0}
          value={form.restarts}
          error={isAtFault(problem, 'restarts')}
          onChange={(restarts) => set({ restarts })}
        />
        <NumberInput
          label={FIELD_LABELS.keep}
          placeholder={settings === null || settings.keepCheckpoints === 0 ? 'all' : String(settings.keepCheckpoints)}
          min={1}
          value={form.keep}
          error={isAtFault(problem, 'keep')}
          onChange={(keep) => set({ keep })}
        />
        <TagsInput
          label={FIELD_LABELS.labels}
          placeholder={form.labels.length === 0 ? 'none' : ''}
          value={[...form.labels]}
          data={[...recentLabels]}
          maxDropdownHeight={180}
          error={isAtFault(problem, 'labels')}
          onChange={(labels) => set({ labels })}
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
        <AfterField form={form} error={isAtFault(problem, 'after')} onChange={set} />
      </div>
      <Switch
        label={FIELD_LABELS.inPlace}
        checked={form.inPlace}
        onChange={(event) => set({ inPlace: event.currentTarget.checked })}
      />
      {!form.inPlace && (
        <Textarea
          label={FIELD_LABELS.links}
          description="Data that is shown in the copy and not copied: one path per line, read-only unless :rw stands at its end."
          autosize
          minRows={1}
          maxRows={6}
          className="mono-input"
          spellCheck={false}
          placeholder="data"
          value={form.links}
          error={isAtFault(problem, 'links')}
          onChange={(event) => set({ links: event.currentTarget.value })}
        />
      )}
      <Textarea
        label={FIELD_LABELS.hparams}
        description={HYPERPARAMETER_HELP}
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

/** Which Python runs it: the directory's own is offered first, and taken unless another is chosen. */
function PythonField({
  form,
  environments,
  onChange,
}: {
  readonly form: SubmitForm;
  readonly environments: readonly PythonEnvironment[];
  readonly onChange: (patch: Partial<SubmitForm>) => void;
}) {
  return (
    <NativeSelect
      label={FIELD_LABELS.python}
      value={chosenPython(form, environments)?.path ?? ''}
      onChange={(event) => onChange({ python: event.currentTarget.value })}
      data={[
        ...environments.map((each) => ({ value: each.path, label: describeEnvironment(each) })),
        { value: '', label: 'As the engine was started' },
      ]}
    />
  );
}

/** ".venv of the directory, 3.11.4", "conda torch, 3.12.1". */
function describeEnvironment({ kind, name, pythonVersion, isOfDirectory }: PythonEnvironment): string {
  const place = isOfDirectory ? `${name} of the directory` : `${kind} ${name}`;
  return pythonVersion === null ? place : `${place}, ${pythonVersion}`;
}

/** A field at fault is marked; what is wrong with it is said once, beside the button. */
export const isAtFault = (problem: ApiError | null, field: keyof SubmitForm): boolean =>
  problem !== null && fieldOfPath(problem) === field;
