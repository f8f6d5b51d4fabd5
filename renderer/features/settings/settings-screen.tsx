/** What the user can set for the whole engine, and what the doctor found. Every change is saved at once. */
import { NativeSelect, NumberInput, SegmentedControl, Switch } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { Settings } from '../../../electron/contract/settings.ts';
import { shell } from '../../api/shell.ts';
import { askForNotices, noticePermission } from '../../api/browser-notices.ts';
import { useEngine } from '../../api/store.ts';
import { Button } from '../../ui/button.tsx';
import { saveSettings as save } from '../../shared/engine-actions.ts';
import { Disk } from './disk.tsx';
import { Doctor } from './doctor.tsx';
import { Messages } from './messages.tsx';
import { UpdatesField } from './updates-field.tsx';

export function SettingsScreen() {
  const settings = useEngine((state) => state.settings);
  // Of this window: its engine may be another program.
  const desktop = shell.kind === 'desktop';
  if (settings === null) return null;
  return (
    <main className="settings" aria-label="Settings">
      <h1>Settings</h1>
      <Group title="Appearance">
        <div className="setting">
          <span>Theme</span>
          <SegmentedControl
            size="xs"
            aria-label="Theme"
            value={settings.theme}
            onChange={(theme) => save({ theme: theme as Settings['theme'] })}
            data={[
              { value: 'system', label: 'System' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
        </div>
      </Group>
      <Group title="Notifications">
        <Switch
          label="When a trial finishes"
          checked={settings.notifyOnFinish}
          onChange={(event) => save({ notifyOnFinish: event.currentTarget.checked })}
        />
        <Switch
          label="When a trial fails"
          checked={settings.notifyOnFailure}
          onChange={(event) => save({ notifyOnFailure: event.currentTarget.checked })}
        />
        <BrowserNotices />
        <NumberField
          label="Only for trials that ran at least (seconds)"
          value={settings.notifyAfterS}
          min={0}
          onSave={(notifyAfterS) => save({ notifyAfterS })}
        />
      </Group>
      <Messages />
      <Group title="This machine">
        <Switch
          label="Keep it awake while trials run"
          checked={settings.keepAwake}
          onChange={(event) => save({ keepAwake: event.currentTarget.checked })}
        />
        {desktop && (
          <Switch
            label="Closing the window keeps it in the tray"
            checked={settings.closeToTray}
            onChange={(event) => save({ closeToTray: event.currentTarget.checked })}
          />
        )}
        {desktop && (
          <Switch
            label="Draw the window with a GPU (from its next start on)"
            description="Faster drawing, but the window then holds some hundred MiB of a GPU."
            checked={settings.windowUsesGpu}
            onChange={(event) => save({ windowUsesGpu: event.currentTarget.checked })}
          />
        )}
        {shell.canStartAtLogin && (
          <Switch
            label="Start at login"
            checked={settings.startAtLogin}
            onChange={(event) => save({ startAtLogin: event.currentTarget.checked })}
          />
        )}
        {desktop && <UpdatesField value={settings.updatesFrom} />}
        <NativeSelect
          size="xs"
          label="After a reboot"
          value={settings.afterReboot}
          onChange={(event) => save({ afterReboot: event.currentTarget.value as Settings['afterReboot'] })}
          data={[
            { value: 'continue', label: 'The queue goes on' },
            { value: 'hold', label: 'Pools stay paused until you resume them' },
          ]}
        />
      </Group>
      <Group title="Storage">
        <NumberField
          label="Log kept per attempt (MiB)"
          description="Beyond it the middle is dropped; head and tail stay."
          value={settings.logCapMiB}
          min={1}
          onSave={(logCapMiB) => save({ logCapMiB })}
        />
        <NumberField
          label="Largest snapshot (MiB)"
          description="Mount bigger data instead of copying it."
          value={settings.snapshotLimitMiB}
          min={1}
          onSave={(snapshotLimitMiB) => save({ snapshotLimitMiB })}
        />
        <NumberField
          label="Working copies of ended trials stay (days)"
          description="Those that hold nothing but their snapshot; a retry makes them anew."
          value={settings.keepWorkDays}
          min={0}
          onSave={(keepWorkDays) => save({ keepWorkDays })}
        />
        <NumberField
          label="Checkpoints kept of each trial"
          description="The newest; older ones go when a new one is complete. 0 keeps all. A trial can say its own number."
          value={settings.keepCheckpoints}
          min={0}
          onSave={(keepCheckpoints) => save({ keepCheckpoints })}
        />
        <NumberField
          label="Start nothing below this much free disk (MiB)"
          value={settings.minFreeDiskMiB}
          min={0}
          onSave={(minFreeDiskMiB) => save({ minFreeDiskMiB })}
        />
      </Group>
      <Disk />
      <Doctor />
    </main>
  );
}

/** A browser has to be asked once; the desktop app has not. */
function BrowserNotices() {
  const [permission, setPermission] = useState(noticePermission);
  if (permission === 'unavailable') return null;
  if (permission === 'granted')
    return <p className="dim">This browser shows them while a window of Switchyard is open.</p>;
  if (permission === 'denied')
    return <p className="dim">This browser blocks them: allow notifications for this address in its site settings.</p>;
  return (
    <div>
      <Button size="small" onClick={() => void askForNotices().then(setPermission)}>
        Show them in this browser
      </Button>
    </div>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="settings-group" aria-label={title}>
      <h2>{title}</h2>
      <div className="settings-fields">{children}</div>
    </section>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly description?: string;
  readonly value: number;
  readonly min: number;
  readonly onSave: (value: number) => void;
}

/** Saved when the field is left or Enter is pressed, not with every digit. */
function NumberField({ label, description, value, min, onSave }: NumberFieldProps) {
  const [draft, setDraft] = useState<number | string>(value);
  useEffect(() => setDraft(value), [value]);
  const commit = (): void => {
    const next = Number(draft);
    if (draft === '' || !Number.isInteger(next) || next < min) setDraft(value);
    else if (next !== value) onSave(next);
  };
  return (
    <NumberInput
      size="xs"
      label={label}
      description={description}
      value={draft}
      min={min}
      allowDecimal={false}
      onChange={setDraft}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
      }}
    />
  );
}
