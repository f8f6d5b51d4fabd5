/** One row: a trial, or the head of a group. */
import { IconChevronDown, IconChevronRight, IconStar, IconStarFilled } from '@tabler/icons-react';
import type { CellValue, TableItem } from '../../../electron/contract/table.ts';
import type { Trial } from '../../../electron/contract/trials.ts';
import { useEngine } from '../../api/store.ts';
import { stateTag } from '../../shared/trial-text.tsx';
import { useView } from '../../shared/view-state.ts';
import { formatCount } from '../../ui/format.ts';
import { ShortName, Tag } from '../../ui/pieces.tsx';
import { cellText, TRIAL_PX, type ShownColumn } from './columns.ts';

/** The columns in sight, and where their values are. */
export interface Sight {
  readonly pinned: readonly ShownColumn[];
  readonly shown: readonly ShownColumn[];
  /** Column -> its place among the values of a row. */
  readonly cellAt: ReadonlyMap<string, number>;
  /** Between the pinned columns and the first one in sight. */
  readonly spacerPx: number;
  readonly now: number;
}

interface RowProps {
  readonly sight: Sight;
  readonly topPx: number;
  readonly rowIndex: number;
}

export function GroupRow({
  item,
  sight,
  topPx,
  rowIndex,
}: RowProps & { readonly item: Extract<TableItem, { kind: 'group' }> }) {
  const Chevron = item.folded ? IconChevronRight : IconChevronDown;
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      className="table-row table-group"
      style={{ transform: `translateY(${topPx}px)` }}
    >
      <div className="table-pinned" role="presentation">
        <span role="gridcell" className="table-cell" style={{ width: TRIAL_PX }}>
          <button type="button" className="table-fold" data-group={item.key} aria-expanded={!item.folded}>
            <Chevron size={13} aria-hidden="true" />
            <b className="cut">{item.label === '' ? 'none' : item.label}</b>
            <span className="dim">{formatCount(item.count)}</span>
          </button>
        </span>
        <Cells columns={sight.pinned} cells={item.cells} sight={sight} only="metric" />
      </div>
      <i style={{ width: sight.spacerPx }} />
      <Cells columns={sight.shown} cells={item.cells} sight={sight} only="metric" />
    </div>
  );
}

export function TrialTableRow({
  item,
  sight,
  topPx,
  rowIndex,
  isGrouped,
  tabStop,
}: RowProps & {
  readonly item: Exclude<TableItem, { kind: 'group' }>;
  readonly isGrouped: boolean;
  readonly tabStop: boolean;
}) {
  const id = item.kind === 'trial' ? item.trial.id : item.id;
  const known = useEngine((state) => state.trials.byId.get(id) ?? state.elsewhere.get(id));
  const selected = useView((state) => state.selection.has(id));
  const inspected = useView((state) => state.inspectedId === id);
  const style = { transform: `translateY(${topPx}px)` };
  if (item.kind === 'gone')
    return (
      <div role="row" aria-rowindex={rowIndex} className="table-row dim" style={style}>
        <span role="gridcell" className="table-cell" style={{ width: TRIAL_PX }}>
          #{id} was deleted
        </span>
      </div>
    );
  const trial = known ?? item.trial;
  const Star = trial.starred ? IconStarFilled : IconStar;
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      data-trial-id={id}
      className={[
        'table-row',
        selected ? 'selected' : '',
        inspected ? 'inspected' : '',
        trial.archived ? 'archived' : '',
      ].join(' ')}
      style={style}
    >
      <div className="table-pinned" role="presentation">
        <span
          role="gridcell"
          className={`table-cell table-trial ${isGrouped ? 'nested' : ''}`}
          style={{ width: TRIAL_PX }}
        >
          <i className={selected ? 'table-box on' : 'table-box'} data-choose aria-hidden="true" />
          <span className="dim3">#{id}</span>
          <span className="table-name" title={trial.name}>
            <ShortName text={trial.name} />
          </span>
          <button
            type="button"
            tabIndex={-1}
            data-star
            className={trial.starred ? 'table-star on' : 'table-star'}
            aria-label={trial.starred ? `Take the star from trial ${id}` : `Star trial ${id}`}
          >
            <Star size={12} aria-hidden="true" />
          </button>
        </span>
        <Cells columns={sight.pinned} cells={item.cells} sight={sight} trial={trial} />
      </div>
      <i style={{ width: sight.spacerPx }} />
      <Cells columns={sight.shown} cells={item.cells} sight={sight} trial={trial} />
    </div>
  );
}

function Cells({
  columns,
  cells,
  sight,
  trial,
  only,
}: {
  readonly columns: readonly ShownColumn[];
  readonly cells: readonly CellValue[];
  readonly sight: Sight;
  readonly trial?: Trial;
  /** Only columns of this kind have something to say. */
  readonly only?: 'metric';
}) {
  return columns.map((column) => {
    const value = cells[sight.cellAt.get(column.id) ?? -1] ?? null;
    const text = only !== undefined && column.ref.kind !== only ? '' : cellText(column.ref, value, sight.now);
    return (
      <span
        key={column.id}
        role="gridcell"
        className={`table-cell cut ${column.isFigure ? 'figure' : ''} ${text === '–' ? 'dim' : ''}`}
        style={{ width: column.widthPx }}
        title={text.length > 12 ? text : undefined}
      >
        {column.id === 'state' && trial !== undefined ? <State trial={trial} /> : text}
      </span>
    );
  });
}

function State({ trial }: { readonly trial: Trial }) {
  const { tone, text } = stateTag(trial);
  const done = trial.state === 'running' && trial.progress !== null ? ` ${Math.round(trial.progress * 100)}%` : '';
  return (
    <span title={trial.outcome?.message ?? ''}>
      <Tag tone={tone}>
        {text}
        {done}
      </Tag>
    </span>
  );
}
