/** Where the desktop app looks for new versions, and the way to look there. */
import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { readUpdatePlace, UPDATES_OFF } from '../../../electron/contract/update-place.ts';
import { shell } from '../../api/shell.ts';
import { saveSettings } from '../../shared/engine-actions.ts';
import { Button } from '../../ui/button.tsx';

/** Saved when the field is left or Enter is pressed; what is no place stays in the field, with the reason. */
export function UpdatesField({ value }: { readonly value: string }) {
  const shown = value === UPDATES_OFF ? '' : value;
  const [draft, setDraft] = useState(shown);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => setDraft(shown), [shown]);
  const commit = (): void => {
    const next = draft.trim();
    const place = readUpdatePlace(next);
    setFault(typeof place === 'string' ? `It ${place}.` : null);
    if (typeof place !== 'string' && next !== shown) saveSettings({ updatesFrom: next === '' ? UPDATES_OFF : next });
  };
  return (
    <div className="updates-field">
      <TextInput
        size="xs"
        label="Look for updates in"
        description="A directory or an https address with new versions. Nothing is looked for, downloaded or installed unasked."
        placeholder="Off"
        value={draft}
        error={fault}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
        }}
      />
      {shown !== '' && (
        <Button size="small" onClick={() => void shell.checkForUpdates?.()}>
          Check for updates…
        </Button>
      )}
    </div>
  );
}
