/** The headings: what a column is, how the rows are sorted by it, and the keys that move it. */
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import type { KeyboardEvent, MouseEvent } from 'react';
import type { TableView } from '../../../electron/contract/table.ts';
import { sectionOf, TRIAL_COLUMN, type ShownColumn } from './columns.ts';
import type { Sight } from './table-row.tsx';

export interface TableHeadingProps {
  readonly sight: Sight;
  readonly view: TableView;
  /** @param add it becomes one more key, behind those there are */
  readonly onSort: (column: ShownColumn, add: boolean) => void;
  readonly onMove: (column: ShownColumn, by: number) => void;
}

export function TableHeading({ sight, view, onSort, onMove }: TableHeadingProps) {
  const parts = { view, onSort, onMove };
  return (
    <div role="row" aria-rowindex={1} className="table-head">
      <div className="table-pinned" role="presentation">
        <Heading {...parts} column={TRIAL_COLUMN} section="" />
        {sight.pinned.map((column) => (
          <Heading key={column.id} {...parts} column={column} section="" />
        ))}
      </div>
      <i style={{ width: sight.spacerPx }} />
      {sight.shown.map((column, at) => {
        const before = sight.shown[at - 1];
        const section = sectionOf(column);
        const isNew = before === undefined || sectionOf(before) !== section;
        return <Heading key={column.id} {...parts} column={column} section={isNew ? section : ''} />;
      })}
    </div>
  );
}

function Heading({
  column,
  section,
  view,
  onSort,
  onMove,
}: Omit<TableHeadingProps, 'sight'> & { readonly column: ShownColumn; readonly section: string }) {
  const at = view.sort.findIndex((key) => key.column === column.id);
  const order = view.sort[at]?.order;
  const Arrow = order === 'asc' ? IconArrowUp : IconArrowDown;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!event.altKey || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return;
    event.preventDefault();
    onMove(column, event.key === 'ArrowLeft' ? -1 : 1);
  };
  return (
    <span
      role="columnheader"
      aria-sort={order === undefined ? 'none' : order === 'asc' ? 'ascending' : 'descending'}
      className={`table-cell ${column.isFigure && column.id !== 'id' ? 'figure' : ''}`}
      style={{ width: column.widthPx }}
      title={`${column.heading}: click sorts, Shift-click sorts by one more, Alt+arrow moves`}
    >
      <small aria-hidden="true">{section}</small>
      <button type="button" onClick={(event: MouseEvent) => onSort(column, event.shiftKey)} onKeyDown={onKeyDown}>
        <span className="cut">{column.heading}</span>
        {order !== undefined && <Arrow size={11} aria-hidden="true" />}
        {order !== undefined && view.sort.length > 1 && <sup>{at + 1}</sup>}
      </button>
    </span>
  );
}
