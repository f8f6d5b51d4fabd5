/**
 * The list of a pool's trials: running, queued, paused, finished. Only the rows in sight exist in the page.
 * Mouse and keys are handled here, once, for all rows; what a key means is in shared/list-keys.ts.
 */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import type { CSSProperties, KeyboardEvent, MouseEvent } from 'react';
import { useEngine } from '../../api/store.ts';
import { formatCount } from '../../ui/format.ts';
import { runAction, trialsOf } from '../../shared/trial-actions.ts';
import { goTo, openMenuAt, toggleArchived, toggleCollapsed, useView } from '../../shared/view-state.ts';
import { aimAgain, describeAim, setListGeometry, useDrag } from './drag-state.ts';
import { actionOf, commandOf, movesRow, rowsOf } from '../../shared/list-keys.ts';
import { clearSelection, selectRow, stepRow } from '../../shared/select-rows.ts';
import { gapTop, idsInOrder, openSweepKey, ROW_PX, SECTION_PX, withFolded } from './queue-model.ts';
import type { Gap, QueueItem, QueueModel, SectionId } from './queue-model.ts';
import { TrialRow } from './trial-row.tsx';

const TITLES: Record<SectionId, string> = {
  running: 'Running',
  queued: 'Queued',
  paused: 'Paused',
  finished: 'Recently finished',
};
const OVERSCAN = 8;

export function QueueList({ model, poolName }: { readonly model: QueueModel; readonly poolName: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const activeId = useView((state) => state.activeId);
  const leadId = useDrag((state) => state.leadId);
  const kept = [activeId, leadId].flatMap((id) => (id === null ? [] : (model.indexOf.get(id) ?? [])));
  // Stable functions: a new one would lay out all 10,000 rows again with every redraw.
  const estimateSize = useCallback(
    (index: number) => (model.items[index]?.kind === 'section' ? SECTION_PX : ROW_PX),
    [model],
  );
  const getItemKey = useCallback((index: number) => itemKey(model.items[index]), [model]);
  const virtualizer = useVirtualizer({
    count: model.items.length,
    getScrollElement: () => scroller.current,
    estimateSize,
    overscan: OVERSCAN,
    getItemKey,
    // The focused row and the row in the hand stay in the page when they scroll out of sight.
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), ...kept])].sort((a, b) => a - b),
  });

  // Row heights follow from the kind of row; a changed model must not use the old ones.
  const shape = model.layout.map((section) => `${section.section}${section.topPx}`).join();
  useLayoutEffect(() => virtualizer.measure(), [shape, virtualizer]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const scrollToGap = (gap: Gap): void => {
      const top = gapTop(model, gap);
      if (top < element.scrollTop + ROW_PX) element.scrollTop = top - ROW_PX;
      else if (top > element.scrollTop + element.clientHeight - ROW_PX)
        element.scrollTop = top - element.clientHeight + ROW_PX;
    };
    setListGeometry({ model, element, scrollToGap });
    return () => setListGeometry(null);
  }, [model]);

  const focusRow = (id: number): void => {
    const index = model.indexOf.get(id);
    if (index === undefined) return;
    virtualizer.scrollToIndex(index);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-trial-id="${id}"]`)?.focus({ preventScroll: true }),
    );
  };

  /** The row of a folded sweep stands for all of its trials: chosen or let go with it. */
  const selectFolded = (id: number): void => {
    const { selection } = useView.getState();
    const own = withFolded(model, [id]);
    if (selection.has(id)) useView.setState({ selection: withFolded(model, selection) });
    else if (own.size > 1) useView.setState({ selection: new Set([...selection].filter((one) => !own.has(one))) });
  };

  const onClick = (event: MouseEvent): void => {
    const row = rowOf(event.target);
    if (row === null || inside(event.target, '[data-grip]')) return;
    const menuButton = (event.target as Element).closest('[data-row-menu]');
    if (menuButton !== null) {
      if (!useView.getState().selection.has(row.id))
        selectRow(idsInOrder(model), row.id, { toggle: false, range: false });
      selectFolded(row.id);
      const box = menuButton.getBoundingClientRect();
      openMenuAt(box.right, box.bottom, 'end');
      return;
    }
    const sweep = (event.target as Element).closest<HTMLElement>('[data-sweep]');
    if (sweep !== null) {
      toggleCollapsed(openSweepKey(Number(sweep.dataset['sweep'])));
      return;
    }
    selectRow(idsInOrder(model), row.id, { toggle: event.ctrlKey || event.metaKey, range: event.shiftKey });
    selectFolded(row.id);
    row.element.focus({ preventScroll: true });
  };

  const onContextMenu = (event: MouseEvent): void => {
    const row = rowOf(event.target);
    if (row === null) return;
    event.preventDefault();
    if (!useView.getState().selection.has(row.id))
      selectRow(idsInOrder(model), row.id, { toggle: false, range: false });
    const box = row.element.getBoundingClientRect();
    // The menu key has no pointer: the menu opens at the row.
    if (event.clientX === 0 && event.clientY === 0) openMenuAt(box.left + 80, box.bottom);
    else openMenuAt(event.clientX, event.clientY);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || useDrag.getState().ids.length > 0) return;
    const command = commandOf(event, inside(event.target, 'button'));
    if (command === null) return;
    event.preventDefault();
    event.stopPropagation();
    const { activeId: rowId, selection } = useView.getState();
    switch (command.kind) {
      case 'step': {
        const rowsInSight = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX);
        const from = rowOf(event.target)?.id ?? null;
        const id = stepRow(idsInOrder(model), rowsOf(command, rowsInSight), from, { range: event.shiftKey });
        if (id === null) return;
        selectFolded(id);
        focusRow(id);
        return;
      }
      case 'select':
        if (command.what === 'line') useView.setState({ selection: new Set(model.line.map((trial) => trial.id)) });
        else if (command.what === 'none') clearSelection();
        else if (rowId !== null) {
          selectRow(idsInOrder(model), rowId, { toggle: true, range: false });
          selectFolded(rowId);
        }
        return;
      case 'inspect':
        if (rowId !== null) useView.setState({ inspectedId: rowId });
        return;
      case 'act': {
        const trials = trialsOf(selection.size > 0 ? selection : rowId === null ? [] : [rowId]);
        if (trials.length === 0) return;
        const action = actionOf(command.what, trials);
        void runAction(action, trials).then(() => {
          if (rowId !== null && movesRow(action)) requestAnimationFrame(() => focusRow(rowId));
        });
      }
    }
  };

  const widths = useMemo(() => columnWidths(model), [model]);
  const tabStopId = activeId !== null && model.indexOf.has(activeId) ? activeId : firstTrial(model.items);
  return (
    <div ref={scroller} className="queue-scroll" onScroll={aimAgain}>
      <div
        role="grid"
        aria-label={`Queue of ${poolName}`}
        aria-multiselectable="true"
        aria-rowcount={model.items.length}
        className="queue-grid"
        style={{ height: virtualizer.getTotalSize(), ...widths }}
        onClick={onClick}
        onContextMenu={onContextMenu}
        onKeyDown={onKeyDown}
      >
        {virtualizer.getVirtualItems().map((virtual) => {
          const item = model.items[virtual.index];
          if (item === undefined) return null;
          if (item.kind === 'section')
            return (
              <SectionRow key={virtual.key} item={item} model={model} rowIndex={virtual.index} topPx={virtual.start} />
            );
          const trial = useEngine.getState().trials.byId.get(item.id);
          return (
            <TrialRow
              key={virtual.key}
              id={item.id}
              section={item.section}
              place={item.place}
              params={trial === undefined ? '' : model.paramText(trial)}
              rowIndex={virtual.index}
              topPx={virtual.start}
              tabStop={item.id === tabStopId}
              sweepId={item.sweep?.experimentId ?? null}
              sweepCount={item.sweep?.ids.length ?? 0}
              sweepOpen={item.sweep?.isOpen ?? false}
            />
          );
        })}
        <DropLine model={model} />
      </div>
    </div>
  );
}

interface SectionRowProps {
  readonly item: Extract<QueueItem, { kind: 'section' }>;
  readonly model: QueueModel;
  readonly rowIndex: number;
  readonly topPx: number;
}

function SectionRow({ item, model, rowIndex, topPx }: SectionRowProps) {
  const folded = useView((state) => state.collapsed.has(item.section));
  const Chevron = folded ? IconChevronRight : IconChevronDown;
  return (
    <div
      role="row"
      aria-rowindex={rowIndex + 1}
      className="section-row"
      style={{ transform: `translateY(${topPx}px)` }}
    >
      <span role="gridcell">
        <button
          type="button"
          className="section-fold"
          aria-expanded={!folded}
          onClick={() => toggleCollapsed(item.section)}
        >
          {TITLES[item.section]} <span className="count">{formatCount(item.count)}</span>
          <Chevron size={12} aria-hidden="true" className="chevron" />
        </button>
      </span>
      {item.section === 'queued' && item.count > 1 && (
        <span role="gridcell" className="section-hint">
          drag to reorder, or <kbd>Alt ↑</kbd>
        </span>
      )}
      {item.section === 'finished' && <FinishedTools model={model} />}
    </div>
  );
}

function FinishedTools({ model }: { readonly model: QueueModel }) {
  const showArchived = useView((state) => state.showArchived);
  const open = model.finished.filter((trial) => !trial.archived);
  return (
    <span role="gridcell" className="section-tools">
      <button type="button" onClick={() => goTo('finished')}>
        All finished
      </button>
      {open.length > 1 && (
        <button type="button" onClick={() => void runAction('archive', open)}>
          Archive all
        </button>
      )}
      {model.archivedCount > 0 && (
        <button type="button" aria-pressed={showArchived} onClick={toggleArchived}>
          {showArchived ? 'Hide' : 'Show'} {formatCount(model.archivedCount)} archived
        </button>
      )}
    </span>
  );
}

/** The line between two rows where the drag would land. */
function DropLine({ model }: { readonly model: QueueModel }) {
  const gap = useDrag((state) => (state.ids.length > 0 && state.poolId === null ? state.gap : null));
  // The pointer carries its words with it; the keyboard's stand at the line.
  const words = useDrag((state) => (state.byKeyboard && state.ids.length > 0 ? describeAim(state) : null));
  if (gap === null) return null;
  return (
    <div className="drop-line" aria-hidden="true" style={{ transform: `translateY(${gapTop(model, gap) - 1}px)` }}>
      {words !== null && <span className="drop-words">{words}</span>}
    </div>
  );
}

/** The columns of numbers are as wide as the longest number needs. */
function columnWidths(model: QueueModel): CSSProperties {
  const maxId = Math.max(
    0,
    ...[model.running, model.line, model.finished].map((trials) =>
      trials.reduce((most, trial) => Math.max(most, trial.id), 0),
    ),
  );
  return {
    '--id-chars': String(maxId).length + 1,
    '--place-chars': formatCount(model.line.length).length,
  } as CSSProperties;
}

function itemKey(item: QueueItem | undefined): string | number {
  if (item === undefined) return 'none';
  return item.kind === 'section' ? item.section : item.id;
}

function firstTrial(items: readonly QueueItem[]): number | null {
  const item = items.find((each) => each.kind === 'trial');
  return item?.kind === 'trial' ? item.id : null;
}

const inside = (target: EventTarget, selector: string): boolean =>
  target instanceof Element && target.closest(selector) !== null;

function rowOf(target: EventTarget): { id: number; element: HTMLElement } | null {
  const element = target instanceof Element ? target.closest<HTMLElement>('[data-trial-id]') : null;
  return element === null ? null : { id: Number(element.dataset['trialId']), element };
}
