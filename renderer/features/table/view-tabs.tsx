/** Saved views as tabs, and what to do with a view that was changed. */
import { Popover, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { FormEvent } from 'react';
import { useEngine } from '../../api/store.ts';
import { attempt } from '../../shared/toasts.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { deleteView, isChanged, loadViews, openView, saveView, useTableViews } from './view-store.ts';

export function ViewTabs() {
  const state = useTableViews();
  const { name, saved } = state;
  const connected = useEngine((engine) => engine.connection === 'live');
  useEffect(() => {
    if (!connected) return;
    const abort = new AbortController();
    void loadViews(abort.signal).catch(() => undefined);
    return () => abort.abort();
  }, [connected]);
  const changed = isChanged(state);
  const named = saved.find((one) => one.name === name) ?? null;
  return (
    <div className="table-views">
      <div role="group" aria-label="Views" className="table-tabs">
        <button type="button" className="table-tab" aria-pressed={named === null} onClick={() => openView(null)}>
          All
        </button>
        {saved.map((one) => (
          <button
            key={one.name}
            type="button"
            className="table-tab"
            aria-pressed={one.name === name}
            onClick={() => openView(one)}
          >
            {one.name}
          </button>
        ))}
      </div>
      <NewView />
      {changed && (
        <>
          <span className="dim">changed</span>
          {named !== null && (
            <Button tone="plain" size="small" onClick={() => void attempt(() => saveView(named.name))}>
              Save
            </Button>
          )}
          <Button tone="plain" size="small" onClick={() => openView(named)}>
            Revert
          </Button>
        </>
      )}
      {named !== null && !changed && (
        <Button tone="plain" size="small" onClick={() => void attempt(() => deleteView(named.name))}>
          Delete this view
        </Button>
      )}
    </div>
  );
}

function NewView() {
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === '') return;
    void attempt(async () => {
      await saveView(name.trim());
      setOpened(false);
      setName('');
    });
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <IconButton label="Save as a new view" onClick={() => setOpened(!opened)}>
          <IconPlus size={14} aria-hidden="true" />
        </IconButton>
      </Popover.Target>
      <Popover.Dropdown aria-label="New view">
        <form className="table-new-view" onSubmit={submit}>
          <TextInput
            size="xs"
            label="Name of the view"
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" size="small" tone="primary">
            Save view
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
