/** The rows of the finished trials; only those in sight exist in the page. Mouse and keys are handled here, once for all rows. */
import { IconArrowDown, IconArrowUp, IconDots } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef } from 'react';
import type { KeyboardEvent, MouseEvent } from 'react';
import type { TrialSort } from '../../../electron/contract/paging.ts';
import type { Trial } from '../../../electron/contract/trials.ts';
import { sayDuration } from '../../../electron/text/say.ts';
import { useNow } from '../../shared/clock.ts';
import { actionOf, commandOf, rowsOf } from '../../shared/list-keys.ts';
import { clearSelection, selectRow, stepRow } from '../../shared/select-rows.ts';
import { createParamText } from '../../shared/telling-params.ts';
import { runAction, trialsOf } from '../../shared/trial-actions.ts';
import { stateTag } from '../../shared/trial-text.tsx';
import { openMenuAt, useView } from '../../shared/view-state.ts';
import { formatFullTime, formatMetric, formatTime } from '../../ui/format.ts';
import { Labels, ShortName, Tag } from '../../ui/pieces.tsx';
import type { Sorting } from './use-pages.ts';

const ROW_PX = 36;
const OVERSCAN = 8;
/** The next page is asked for when so many rows are left below. */
const AHEAD = 60;

interface Column {
  readonly label: string;
  readonly sort?: TrialSort;
  readonly className?: string;
}

const COLUMNS: readonly Column[] = [
  { label: 'Trial', className: 'num' },
  { label: 'Name', sort: 'name' },
  { label: 'Parameters', className: 'params' },
  { label: 'Outcome' },
  { label: 'Metric', className: 'metric-name' },
  { label: 'Last', sort: 'last', className: 'figure' },
  { label: 'Best', sort: 'best', className: 'figure' },
  { label: 'Ran', sort: 'duration', className: 'figure' },
  { label: 'Ended', sort: 'end', className: 'figure' },
  { label: 'Actions', className: 'cell-menu' },
];

export interface FinishedListProps {
  readonly trials: readonly Trial[];
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  /** The end of the list comes near. */
  readonly onEnd: () => void;
}

export function FinishedList({ trials, sorting, onSort, onEnd }: FinishedListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const activeId = useView((state) => state.activeId);
  const ids = useMemo(() => trials.map((trial) => trial.id), [trials]);
  const paramText = useMemo(() => createParamText(trials), [trials]);
  const virtualizer = useVirtualizer({
    count: trials.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    getItemKey: (index) => ids[index] ?? index,
  });
  const rows = virtualizer.getVirtualItems();
  const lastShown = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= trials.length - AHEAD) onEnd();
  }, [lastShown, trials.length, onEnd]);

  const focusRow = (id: number): void => {
    virtualizer.scrollToIndex(ids.indexOf(id));
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-trial-id="${id}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onClick = (event: MouseEvent): void => {
    const row = rowOf(event.target);
    if (row === null) return;
    const menuButton = (event.target as Element).closest('[data-row-menu]');
    if (menuButton !== null) {
      if (!useView.getState().selection.has(row.id)) selectRow(ids, row.id, { toggle: false, range: false });
      const box = menuButton.getBoundingClientRect();
      openMenuAt(box.right, box.bottom, 'end');
      return;
    }
    selectRow(ids, row.id, { toggle: event.ctrlKey || event.metaKey, range: event.shiftKey });
    row.element.focus({ preventScroll: true });
  };
  const onContextMenu = (event: MouseEvent): void => {
    const row = rowOf(event.target);
    if (row === null) return;
    event.preventDefault();
    if (!useView.getState().selection.has(row.id)) selectRow(ids, row.id, { toggle: false, range: false });
    const box = row.element.getBoundingClientRect();
    if (event.clientX === 0 && event.clientY === 0) openMenuAt(box.left + 80, box.bottom);
    else openMenuAt(event.clientX, event.clientY);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const onButton = event.target instanceof Element && event.target.closest('button') !== null;
    const command = commandOf(event, onButton);
    if (event.defaultPrevented || command === null) return;
    event.preventDefault();
    event.stopPropagation();
    const view = useView.getState();
    if (command.kind === 'step') {
      const inSight = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX);
      const id = stepRow(ids, rowsOf(command, inSight), rowOf(event.target)?.id ?? null, { range: event.shiftKey });
      if (id !== null) focusRow(id);
    } else if (command.kind === 'select') {
      if (command.what === 'line') useView.setState({ selection: new Set(ids) });
      else if (command.what === 'none') clearSelection();
      else if (view.activeId !== null) selectRow(ids, view.activeId, { toggle: true, range: false });
    } else if (command.kind === 'inspect') {
      if (view.activeId !== null) useView.setState({ inspectedId: view.activeId });
    } else if (command.what === 'rename' || command.what === 'remove') {
      const chosen = trialsOf(view.selection.size > 0 ? view.selection : view.activeId === null ? [] : [view.activeId]);
      if (chosen.length > 0) void runAction(actionOf(command.what, chosen), chosen);
    }
  };

  const tabStopId = activeId !== null && ids.includes(activeId) ? activeId : (ids[0] ?? null);
  return (
    <div ref={scroller} className="finished-scroll">
      <div
        role="grid"
        aria-label="Finished trials"
        aria-multiselectable="true"
        aria-rowcount={trials.length + 1}
        className="finished-grid"
        onClick={onClick}
        onContextMenu={onContextMenu}
        onKeyDown={onKeyDown}
      >
        <div role="row" aria-rowindex={1} className="finished-head">
          {COLUMNS.map((column) => (
            <Heading key={column.label} column={column} sorting={sorting} onSort={onSort} />
          ))}
        </div>
        <div role="rowgroup" className="finished-rows" style={{ height: virtualizer.getTotalSize() }}>
          {rows.map((virtual) => {
            const trial = trials[virtual.index];
            if (trial === undefined) return null;
            return (
              <FinishedRow
                key={virtual.key}
                trial={trial}
                params={paramText(trial)}
                rowIndex={virtual.index + 2}
                topPx={virtual.start}
                tabStop={trial.id === tabStopId}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Heading({
  column: { label, sort, className = '' },
  sorting,
  onSort,
}: {
  readonly column: Column;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}) {
  if (sort === undefined)
    return (
      <span role="columnheader" className={className}>
        {label === 'Actions' ? <span className="visually-hidden">{label}</span> : label}
      </span>
    );
  const isSorted = sorting.sort === sort;
  const Arrow = sorting.order === 'asc' ? IconArrowUp : IconArrowDown;
  const turned: Sorting = {
    sort,
    order: isSorted ? (sorting.order === 'asc' ? 'desc' : 'asc') : sort === 'name' ? 'asc' : 'desc',
  };
  return (
    <span
      role="columnheader"
      className={className}
      aria-sort={isSorted ? (sorting.order === 'asc' ? 'ascending' : 'descending') : 'none'}
    >
      <button type="button" onClick={() => onSort(turned)}>
        {label}
        {isSorted && <Arrow size={11} aria-hidden="true" />}
      </button>
    </span>
  );
}

interface FinishedRowProps {
  readonly trial: Trial;
  readonly params: string;
  readonly rowIndex: number;
  readonly topPx: number;
  readonly tabStop: boolean;
}

const FinishedRow = memo(function FinishedRow({ trial, params, rowIndex, topPx, tabStop }: FinishedRowProps) {
  const selected = useView((state) => state.selection.has(trial.id));
  const inspected = useView((state) => state.inspectedId === trial.id);
  const now = useNow(60_000);
  const tag = stateTag(trial);
  const ranMs = trial.startedAtMs !== null && trial.endedAtMs !== null ? trial.endedAtMs - trial.startedAtMs : null;
  const message = trial.outcome?.kind === 'completed' ? '' : (trial.outcome?.message ?? '');
  const { metric } = trial;
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      data-trial-id={trial.id}
      className={[
        'row row-all',
        selected ? 'selected' : '',
        inspected ? 'inspected' : '',
        trial.archived ? 'archived' : '',
      ].join(' ')}
      style={{ transform: `translateY(${topPx}px)` }}
    >
      <span role="gridcell" className="num">
        #{trial.id}
      </span>
      <span role="gridcell" className="name" title={[trial.name, ...trial.labels].join(' · ')}>
        <ShortName text={trial.name} />
        <Labels labels={trial.labels} />
      </span>
      <span role="gridcell" className="params mono" title={params}>
        {params}
      </span>
      <span role="gridcell" className="cut outcome" title={message}>
        <Tag tone={tag.tone}>{tag.text}</Tag>
        {trial.archived && <i className="label">archived</i>}
        <span className="dim cut">{message}</span>
      </span>
      <span role="gridcell" className="metric-name cut dim" title={metric?.name}>
        {metric?.name ?? ''}
      </span>
      <span role="gridcell" className="figure">
        {metric === null ? '' : formatMetric(metric.last)}
      </span>
      <span role="gridcell" className="figure best">
        {metric === null ? '' : formatMetric(metric.best)}
      </span>
      <span role="gridcell" className="figure dim">
        {ranMs === null ? '' : sayDuration(ranMs)}
      </span>
      <span
        role="gridcell"
        className="figure dim"
        title={trial.endedAtMs === null ? '' : formatFullTime(trial.endedAtMs)}
      >
        {trial.endedAtMs === null ? '' : formatTime(trial.endedAtMs, now)}
      </span>
      <span role="gridcell" className="cell-menu">
        <button
          type="button"
          className="row-menu"
          aria-label={`Actions for trial ${trial.id}`}
          aria-haspopup="menu"
          tabIndex={tabStop ? 0 : -1}
          data-row-menu
        >
          <IconDots size={15} aria-hidden="true" />
        </button>
      </span>
    </div>
  );
});

function rowOf(target: EventTarget): { id: number; element: HTMLElement } | null {
  const element = target instanceof Element ? target.closest<HTMLElement>('[data-trial-id]') : null;
  return element === null ? null : { id: Number(element.dataset['trialId']), element };
}
