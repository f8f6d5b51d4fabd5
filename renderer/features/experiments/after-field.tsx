/** Which trials a new one starts after. */
import { NativeSelect, TextInput } from '@mantine/core';
import type { Dependency } from '../../../electron/contract/trials.ts';
import { FIELD_LABELS } from './submit-form.ts';
import type { SubmitForm } from './submit-form.ts';

const WANTS: readonly { readonly value: Dependency['wants']; readonly label: string }[] = [
  { value: 'completed', label: 'has completed' },
  { value: 'ended', label: 'has ended, however' },
];

export interface AfterFieldProps {
  readonly form: Pick<SubmitForm, 'after' | 'afterWants'>;
  readonly error: boolean;
  readonly onChange: (patch: Partial<SubmitForm>) => void;
}

export function AfterField({ form, error, onChange }: AfterFieldProps) {
  return (
    <>
      <TextInput
        label={FIELD_LABELS.after}
        placeholder="14, 3-7 or a name"
        value={form.after}
        error={error}
        onChange={(event) => onChange({ after: event.currentTarget.value })}
      />
      {form.after.trim() !== '' && (
        <NativeSelect
          label={FIELD_LABELS.afterWants}
          value={form.afterWants}
          data={[...WANTS]}
          onChange={(event) => onChange({ afterWants: event.currentTarget.value as Dependency['wants'] })}
        />
      )}
    </>
  );
}
