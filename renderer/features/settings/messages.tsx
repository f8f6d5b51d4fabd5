/** Messages out: where the engine says that a trial is done or failed, with a test of each place. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { Channel, ChannelEvents, ChannelTarget } from '../../../electron/contract/messages.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { attempt, toastDone, toastError } from '../../shared/toasts.tsx';
import { ApiError } from '../../api/problem.ts';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';
import { buildTarget, EMPTY_MESSAGE_FORM, TO_FIELDS } from './message-form.ts';
import type { MessageForm } from './message-form.ts';

const KINDS: readonly { readonly value: ChannelTarget['kind']; readonly label: string }[] = [
  { value: 'ntfy', label: 'ntfy, to a phone' },
  { value: 'webhook', label: 'Webhook' },
  { value: 'mail', label: 'Mail, by this machine' },
  { value: 'command', label: 'Command' },
];
const EVENTS: readonly { readonly value: ChannelEvents; readonly label: string }[] = [
  { value: 'done', label: 'When a trial is done or failed' },
  { value: 'failed', label: 'When a trial failed' },
  { value: 'asked', label: 'For trials that name it' },
];

export function Messages() {
  const [channels, setChannels] = useState<readonly Channel[] | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  const load = useCallback(
    () =>
      api.channels().then(
        (answer) => setChannels(answer.channels),
        () => setChannels(null),
      ),
    [],
  );
  const [adding, setAdding] = useState(false);
  useEffect(() => {
    if (connected) void load();
  }, [connected, load]);
  return (
    <section className="settings-group" aria-label="Messages">
      <h2>Messages</h2>
      <div className="messages">
        <p className="dim">Where the engine tells that a trial is done or failed when no window is open.</p>
        <ul>
          {channels?.map((channel) => (
            <ChannelRow key={channel.name} channel={channel} onChange={() => void load()} />
          ))}
        </ul>
        <div>
          <Button size="small" onClick={() => setAdding(true)}>
            Add a place…
          </Button>
        </div>
      </div>
      {adding && (
        <AddDialog
          onClose={() => {
            setAdding(false);
            void load();
          }}
        />
      )}
    </section>
  );
}

function ChannelRow({ channel, onChange }: { readonly channel: Channel; readonly onChange: () => void }) {
  const [busy, setBusy] = useState(false);
  const test = async (): Promise<void> => {
    setBusy(true);
    try {
      const { ok, detail, remedy } = await api.testChannel(channel.name);
      if (ok) toastDone(`${channel.name}: ${detail}`);
      else
        toastError(
          new ApiError({
            status: 0,
            code: 'internal',
            detail: `${channel.name}: ${detail}`,
            ...(remedy === null ? {} : { remedy }),
          }),
        );
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
    onChange();
  };
  const remove = (): void => void attempt(() => api.deleteChannel(channel.name)).then(onChange);
  return (
    <li>
      <div>
        <b>{channel.name}</b> <span className="dim">{channel.shown}</span>
        <div className="dim">
          {EVENTS.find(({ value }) => value === channel.events)?.label}
          {channel.waiting > 0 && `, ${plural(channel.waiting, 'message')} not sent yet`}
        </div>
        {channel.lastError !== null && <div className="loss">Not sent: {channel.lastError.message}</div>}
      </div>
      <span className="message-buttons">
        <Button size="small" disabled={busy} aria-label={`Test ${channel.name}`} onClick={() => void test()}>
          {busy ? 'Sending…' : 'Test'}
        </Button>
        <Button size="small" aria-label={`Remove ${channel.name}`} onClick={remove}>
          Remove
        </Button>
      </span>
    </li>
  );
}

function AddDialog({ onClose }: { readonly onClose: () => void }) {
  const [form, setForm] = useState(EMPTY_MESSAGE_FORM);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const set = (patch: Partial<MessageForm>): void => setForm({ ...form, ...patch });
  const field = TO_FIELDS[form.kind];
  const confirm = async (): Promise<void> => {
    const target = buildTarget(form);
    await api.putChannel(form.name.trim(), { target, events: form.events });
    toastDone(`${form.name.trim()} is told from now on: test it`);
  };
  return (
    <DialogFrame title="Where messages go" confirm="Add" onConfirm={confirm} onProblem={setProblem} onClose={onClose}>
      <div className="field-grid">
        <TextInput
          label="Name"
          placeholder="phone"
          value={form.name}
          error={problem?.path === 'name'}
          data-autofocus
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <NativeSelect
          label="Kind"
          value={form.kind}
          data={[...KINDS]}
          onChange={(event) => set({ kind: event.currentTarget.value as ChannelTarget['kind'] })}
        />
      </div>
      <TextInput
        label={field.label}
        placeholder={field.example}
        className="mono-input"
        value={form.to}
        error={problem?.path === 'to' || problem?.path?.startsWith('target') === true}
        onChange={(event) => set({ to: event.currentTarget.value })}
      />
      {form.kind === 'ntfy' && (
        <TextInput
          label="Token"
          type="password"
          autoComplete="off"
          placeholder="none"
          value={form.token}
          onChange={(event) => set({ token: event.currentTarget.value })}
        />
      )}
      <NativeSelect
        label="Tells"
        value={form.events}
        data={[...EVENTS]}
        onChange={(event) => set({ events: event.currentTarget.value as ChannelEvents })}
      />
      <p className="dim">Addresses and tokens are stored encrypted and never shown again.</p>
    </DialogFrame>
  );
}
