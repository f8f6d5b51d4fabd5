/** Where the code is: typed with completion, one of the latest, or picked. */
import { Autocomplete } from '@mantine/core';
import { shell } from '../../api/shell.ts';
import { Button } from '../../ui/button.tsx';
import { FIELD_LABELS } from './submit-form.ts';
import { useCompletion } from './use-form-facts.ts';

export interface DirectoryFieldProps {
  readonly value: string;
  readonly inPlace: boolean;
  /** Directories of the latest submits, latest first. */
  readonly recent: readonly string[];
  readonly onChange: (value: string) => void;
  readonly error: boolean;
}

export function DirectoryField({ value, inPlace, recent, onChange, error }: DirectoryFieldProps) {
  const { pickFolder } = shell;
  const completed = useCompletion(value);
  const typed = value.trim();
  const offered = typed === '' ? recent : completed.filter((path) => path !== typed);
  return (
    <div className="field-with-button">
      <Autocomplete
        size="xs"
        label={FIELD_LABELS.directory}
        description={
          inPlace
            ? 'On the engine’s machine. Later edits reach this run: it has no copy.'
            : 'On the engine’s machine. It is frozen now: later edits do not reach this run.'
        }
        placeholder="/home/you/project"
        value={value}
        error={error}
        data-autofocus
        openOnFocus={false}
        data={typed === '' && recent.length > 0 ? [{ group: 'Latest', items: [...offered] }] : [...offered]}
        // What the engine offers fits what was typed already.
        filter={({ options }) => options}
        maxDropdownHeight={220}
        spellCheck={false}
        onChange={onChange}
      />
      {pickFolder !== undefined && (
        <Button
          onClick={() =>
            void pickFolder(value).then((path) => {
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
