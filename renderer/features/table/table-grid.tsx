/** The rows and columns of the table; only those in sight exist in the page. Mouse and keys are handled here, once for all rows. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { FocusEvent, KeyboardEvent, MouseEvent } from 'react';
import type { TableView } from '../../../electron/contract/table.ts';
import { isLowerBetter } from '../../../electron/text/main-metric.ts';
import { useNow } from '../../shared/clock.ts';
import { commandOf, rowsOf } from '../../shared/list-keys.ts';
import { clearSelection, selectRow, stepRow } from '../../shared/select-rows.ts';
import { runAction, trialsOf } from '../../shared/trial-actions.ts';
import { compareTrials, openMenuAt, useView } from '../../shared/view-state.ts';
import { nextSort, TRIAL_PX, type ShownColumn } from './columns.ts';
import { TableHeading } from './table-heading.tsx';
import { GroupRow, TrialTableRow, type Sight } from './table-row.tsx';
import type { TableRows } from './use-table-rows.ts';
import { changeView, toggleFolded } from './view-store.ts';

const ROW_PX = 25;
const OVERSCAN = 12;

export interface TableGridProps {
  readonly rows: TableRows;
  readonly columns: readonly ShownColumn[];
  readonly view: TableView;
}

export function TableGrid({ rows, columns, view }: TableGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow(30_000);
  const activeId = useView((state) => state.activeId);
  const { itemAt, want, isWatched } = rows;
  const pinned = columns.filter(({ isPinned }) => isPinned);
  const others = columns.filter(({ isPinned }) => !isPinned);
  const pinnedPx = pinned.reduce((sum, { widthPx }) => sum + widthPx, TRIAL_PX);
  const vertical = useVirtualizer({
    count: rows.head?.length ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: others.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => others[at]?.widthPx ?? 0,
    getItemKey: (at) => others[at]?.id ?? at,
    overscan: 3,
    paddingStart: pinnedPx,
  });
  const widths = others.map(({ id, widthPx }) => `${id} ${widthPx}`).join();
  useEffect(() => horizontal.measure(), [widths, pinnedPx, horizontal]);
  const lines = vertical.getVirtualItems();
  const cells = horizontal.getVirtualItems();
  const [first, last] = [lines[0]?.index ?? 0, lines.at(-1)?.index ?? 0];
  useEffect(() => want(first, last), [first, last, want, rows.head]);
  const widthPx = Math.max(horizontal.getTotalSize(), pinnedPx);
  const sight: Sight = {
    pinned,
    shown: cells.flatMap(({ index }) => others[index] ?? []),
    cellAt: new Map(columns.map(({ id }, at) => [id, at])),
    spacerPx: (cells[0]?.start ?? pinnedPx) - pinnedPx,
    now,
  };

  /** The trials whose rows are here, in their order. */
  const ids = (): number[] => {
    const found: number[] = [];
    for (let at = 0; at < (rows.head?.length ?? 0) && found.length < 5_000; at += 1) {
      const item = itemAt(at);
      if (item?.kind === 'trial') found.push(item.trial.id);
    }
    return found;
  };
  const focusRow = (id: number): void => {
    const at = indexOf(rows, id);
    if (at !== null) vertical.scrollToIndex(at);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-trial-id="${id}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as Element;
    const group = target.closest<HTMLElement>('[data-group]')?.dataset['group'];
    if (group !== undefined) return toggleFolded(group);
    const row = rowOf(target);
    if (row === null) return;
    const [trial] = trialsOf([row.id]);
    if (target.closest('[data-star]') !== null && trial !== undefined)
      return void runAction(trial.starred ? 'unstar' : 'star', [trial]);
    const box = target.closest('[data-choose]') !== null;
    selectRow(ids(), row.id, { toggle: box || event.ctrlKey || event.metaKey, range: event.shiftKey });
    row.element.focus({ preventScroll: true });
  };
  const onContextMenu = (event: MouseEvent): void => {
    const row = rowOf(event.target as Element);
    if (row === null) return;
    event.preventDefault();
    if (!useView.getState().selection.has(row.id)) selectRow(ids(), row.id, { toggle: false, range: false });
    const box = row.element.getBoundingClientRect();
    if (event.clientX === 0 && event.clientY === 0) openMenuAt(box.left + 80, box.bottom);
    else openMenuAt(event.clientX, event.clientY);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || (event.target as Element).closest('.table-head') !== null) return;
    const state = useView.getState();
    const row = rowOf(event.target as Element);
    const chosen = trialsOf(state.selection.size > 0 ? state.selection : row === null ? [] : [row.id]);
    const done = (): void => {
      event.preventDefault();
      event.stopPropagation();
    };
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && event.key === 'c' && chosen.length > 1) {
      done();
      return compareTrials(chosen.map(({ id }) => id));
    }
    if (plain && event.key === 's' && chosen.length > 0) {
      done();
      return void runAction(chosen.every(({ starred }) => starred) ? 'unstar' : 'star', chosen);
    }
    const command = commandOf(event, (event.target as Element).closest('button') !== null);
    if (command === null) return;
    done();
    if (command.kind === 'step') {
      const inSight = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX);
      const id = stepRow(ids(), rowsOf(command, inSight), row?.id ?? null, { range: event.shiftKey });
      if (id !== null) focusRow(id);
    } else if (command.kind === 'select') {
      if (command.what === 'line') useView.setState({ selection: new Set(ids()) });
      else if (command.what === 'none') clearSelection();
      else if (state.activeId !== null) selectRow(ids(), state.activeId, { toggle: true, range: false });
    } else if (command.kind === 'inspect') {
      if (state.activeId !== null) useView.setState({ inspectedId: state.activeId });
    } else if (command.what === 'rename' && chosen.length > 0) void runAction('rename', chosen);
  };

  const firstTrial = lines.map(({ index }) => itemAt(index)).find((item) => item?.kind === 'trial');
  const tabStopId =
    activeId !== null && indexOf(rows, activeId) !== null
      ? activeId
      : firstTrial?.kind === 'trial'
        ? firstTrial.trial.id
        : null;
  return (
    <div
      ref={scroller}
      className="table-scroll"
      onPointerEnter={() => (isWatched.current = true)}
      onPointerLeave={() => (isWatched.current = scroller.current?.contains(document.activeElement) === true)}
      onFocus={() => (isWatched.current = true)}
      onBlur={(event: FocusEvent) => (isWatched.current = event.currentTarget.matches(':hover'))}
    >
      <div
        role="grid"
        aria-label="Trials"
        aria-multiselectable="true"
        aria-rowcount={(rows.head?.length ?? 0) + 1}
        aria-colcount={columns.length + 1}
        className="table-grid"
        style={{ width: widthPx }}
        onClick={onClick}
        onContextMenu={onContextMenu}
        onKeyDown={onKeyDown}
      >
        <TableHeading
          sight={sight}
          view={view}
          onSort={(column, add) => changeView({ sort: nextSort(view.sort, column.id, isLower(column), add) })}
          onMove={(column, by) => changeView({ columns: moveColumn(columns, column.id, by) })}
        />
        <div role="rowgroup" className="table-rows" style={{ height: vertical.getTotalSize() }}>
          {lines.map(({ index, start }) => {
            const item = itemAt(index);
            if (item === undefined)
              return <div key={index} className="table-row waiting" style={{ transform: `translateY(${start}px)` }} />;
            if (item.kind === 'group')
              return <GroupRow key={`g ${item.key}`} item={item} sight={sight} topPx={start} rowIndex={index + 2} />;
            return (
              <TrialTableRow
                key={item.kind === 'trial' ? item.trial.id : `x ${item.id}`}
                item={item}
                sight={sight}
                topPx={start}
                rowIndex={index + 2}
                isGrouped={view.group !== null}
                tabStop={item.kind === 'trial' && item.trial.id === tabStopId}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const isLower = ({ ref }: ShownColumn): boolean => ref.kind === 'metric' && isLowerBetter(ref.name);

/** @returns all columns by name, one of them moved by so many places */
export function moveColumn(columns: readonly ShownColumn[], id: string, by: number): string[] {
  const ids = columns.map((column) => column.id);
  const from = ids.indexOf(id);
  const to = Math.min(ids.length - 1, Math.max(0, from + by));
  if (from === -1) return ids;
  ids.splice(to, 0, ...ids.splice(from, 1));
  return ids;
}

/** Where a trial stands among the rows that are here. */
function indexOf({ head, itemAt }: TableRows, id: number): number | null {
  for (let at = 0; at < (head?.length ?? 0); at += 1) {
    const item = itemAt(at);
    if (item?.kind === 'trial' && item.trial.id === id) return at;
  }
  return null;
}

function rowOf(target: Element): { id: number; element: HTMLElement } | null {
  const element = target.closest<HTMLElement>('[data-trial-id]');
  return element === null ? null : { id: Number(element.dataset['trialId']), element };
}
