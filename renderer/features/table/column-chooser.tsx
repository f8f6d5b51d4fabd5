/** Which columns are shown, in which order, and which of them stay in sight. */
import { Popover, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconColumns, IconPin, IconPinnedFilled } from '@tabler/icons-react';
import { useState } from 'react';
import type { TableColumn, TableView } from '../../../electron/contract/table.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { choices, describeColumn, type ShownColumn } from './columns.ts';
import { moveColumn } from './table-grid.tsx';
import { changeView } from './view-store.ts';

/** More are found by typing. */
const MOST_OFFERED = 200;

export interface ColumnChooserProps {
  readonly view: TableView;
  readonly available: readonly TableColumn[];
  readonly shown: readonly ShownColumn[];
}

export function ColumnChooser({ view, available, shown }: ColumnChooserProps) {
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState('');
  const all = choices(available);
  const ids = shown.map(({ id }) => id);
  const wanted = typed.trim().toLowerCase();
  const rest = all.filter((id) => !ids.includes(id) && id.toLowerCase().includes(wanted));
  const toggle = (id: string): void => {
    const isOn = ids.includes(id);
    changeView({
      columns: isOn ? ids.filter((one) => one !== id) : [...ids, id],
      // What is chosen by hand is shown, alike or not.
      ...(isOn ? { pinned: view.pinned.filter((one) => one !== id) } : { onlyDiffering: false }),
    });
  };
  const pin = (id: string): void =>
    changeView({
      columns: ids,
      pinned: view.pinned.includes(id) ? view.pinned.filter((one) => one !== id) : [...view.pinned, id],
    });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <Button size="small" aria-haspopup="dialog" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <IconColumns size={14} aria-hidden="true" />
          Columns{' '}
          <span className="dim">
            {shown.length} of {all.length}
          </span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <div className="table-chooser">
          <TextInput
            size="xs"
            type="search"
            aria-label="Find a column"
            placeholder="Find a column"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <ul aria-label="Shown">
            {shown
              .filter(({ id }) => id.toLowerCase().includes(wanted))
              .map((column) => (
                <li key={column.id}>
                  <label>
                    <input type="checkbox" checked onChange={() => toggle(column.id)} />
                    <Kind column={column} />
                  </label>
                  <IconButton
                    label={`Move ${column.heading} to the left`}
                    onClick={() => changeView({ columns: moveColumn(shown, column.id, -1) })}
                  >
                    <IconArrowUp size={12} aria-hidden="true" />
                  </IconButton>
                  <IconButton
                    label={`Move ${column.heading} to the right`}
                    onClick={() => changeView({ columns: moveColumn(shown, column.id, 1) })}
                  >
                    <IconArrowDown size={12} aria-hidden="true" />
                  </IconButton>
                  <IconButton
                    label={column.isPinned ? `Let ${column.heading} scroll` : `Keep ${column.heading} in sight`}
                    aria-pressed={column.isPinned}
                    onClick={() => pin(column.id)}
                  >
                    {column.isPinned ? (
                      <IconPinnedFilled size={12} aria-hidden="true" />
                    ) : (
                      <IconPin size={12} aria-hidden="true" />
                    )}
                  </IconButton>
                </li>
              ))}
          </ul>
          <ul aria-label="More columns">
            {rest
              .slice(0, MOST_OFFERED)
              .flatMap((id) => describeColumn(id, false) ?? [])
              .map((column) => (
                <li key={column.id}>
                  <label>
                    <input type="checkbox" checked={false} onChange={() => toggle(column.id)} />
                    <Kind column={column} />
                  </label>
                </li>
              ))}
          </ul>
          {rest.length > MOST_OFFERED && <p className="dim">{rest.length - MOST_OFFERED} more: type to find them.</p>}
          <Button size="small" onClick={() => changeView({ columns: null, pinned: [], onlyDiffering: true })}>
            Choose by itself
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Kind({ column }: { readonly column: ShownColumn }) {
  return (
    <>
      <span className="cut">{column.heading}</span>
      <small className="dim">
        {column.ref.kind === 'fact' ? '' : column.ref.kind === 'param' ? 'parameter' : 'metric'}
      </small>
    </>
  );
}
