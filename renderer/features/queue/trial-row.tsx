/** One trial in the queue. Takes ids, reads the store itself, so that a change redraws the row and not the list. */
import { IconChevronDown, IconChevronRight, IconDots, IconGripVertical } from '@tabler/icons-react';
import { useDraggable } from '@dnd-kit/react';
import { memo, useCallback } from 'react';
import { sayDuration } from '../../../electron/text/say.ts';
import { DEFAULT_PRIORITY } from '../../../electron/contract/queue-order.ts';
import type { Trial } from '../../../electron/contract/trials.ts';
import { useEngine } from '../../api/store.ts';
import { useNow } from '../../shared/clock.ts';
import { formatCount, formatTime } from '../../ui/format.ts';
import { Labels, Meter, ShortName, Tag } from '../../ui/pieces.tsx';
import { savedText, slotText, stateTag, WhyWaiting } from '../../shared/trial-text.tsx';
import { useTimeLeft } from '../../shared/time-left.ts';
import { useView } from '../../shared/view-state.ts';
import { useDrag } from './drag-state.ts';
import type { SectionId } from './queue-model.ts';

export interface TrialRowProps {
  readonly id: number;
  readonly section: SectionId;
  readonly place: number | null;
  /** Its parameters in words. */
  readonly params: string;
  readonly rowIndex: number;
  readonly topPx: number;
  /** Whether Tab stops at this row. */
  readonly tabStop: boolean;
  /** The experiment whose trials begin with this row, or are this row while they are folded. */
  readonly sweepId: number | null;
  readonly sweepCount: number;
  readonly sweepOpen: boolean;
}

export const TrialRow = memo(function TrialRow({
  id,
  section,
  place,
  params,
  rowIndex,
  topPx,
  tabStop,
  sweepId,
  sweepCount,
  sweepOpen,
}: TrialRowProps) {
  const trial = useEngine((state) => state.trials.byId.get(id));
  const selected = useView((state) => state.selection.has(id));
  const inspected = useView((state) => state.inspectedId === id);
  const dragged = useDrag((state) => state.ids.includes(id));
  if (trial === undefined) return null;
  const inLine = section === 'queued' || section === 'paused';
  return (
    <div
      role="row"
      aria-rowindex={rowIndex + 1}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      data-trial-id={id}
      className={[
        'row',
        `row-${section}`,
        selected ? 'selected' : '',
        inspected ? 'inspected' : '',
        dragged ? 'dragged' : '',
        trial.archived ? 'archived' : '',
      ].join(' ')}
      style={{ transform: `translateY(${topPx}px)` }}
    >
      <span role="gridcell" className="cell-lead" title={place === null ? undefined : `Place ${place} in the queue`}>
        {inLine && (
          <>
            <span className="place-number">{place === null ? '' : formatCount(place)}</span>
            <Grip trial={trial} tabStop={tabStop} />
          </>
        )}
      </span>
      <span role="gridcell" className="num">
        #{id}
      </span>
      <span
        role="gridcell"
        className="name"
        title={trial.labels.length > 0 ? `${trial.name} · ${trial.labels.join(', ')}` : trial.name}
      >
        {sweepId !== null && <SweepFold id={sweepId} count={sweepCount} isOpen={sweepOpen} name={trial.name} />}
        <ShortName text={trial.name} />
        {inLine && trial.priority !== DEFAULT_PRIORITY && (
          <i className="label priority" title={`Priority ${trial.priority}`}>
            P{trial.priority}
          </i>
        )}
        <Labels labels={trial.labels} />
      </span>
      {sweepId !== null && !sweepOpen ? (
        <span role="gridcell" className="params dim">
          {formatCount(sweepCount)} trials
        </span>
      ) : (
        <span role="gridcell" className="params mono" title={params}>
          {params}
        </span>
      )}
      <SlotCell trial={trial} />
      {section === 'running' && <RunningCells trial={trial} />}
      {section === 'queued' && <QueuedCells trial={trial} place={place} />}
      {section === 'paused' && <PausedCells trial={trial} place={place} />}
      {section === 'finished' && <FinishedCells trial={trial} />}
      <span role="gridcell" className="cell-menu">
        <button
          type="button"
          className="row-menu"
          aria-label={`Actions for trial ${id}`}
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

/** Opens a sweep into its trials, and folds them into one row that is moved, paused and canceled as one. */
function SweepFold(props: {
  readonly id: number;
  readonly count: number;
  readonly isOpen: boolean;
  readonly name: string;
}) {
  const { id, count, isOpen, name } = props;
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <button
      type="button"
      className="sweep-fold"
      aria-expanded={isOpen}
      aria-label={`${formatCount(count)} waiting trials of the sweep ${name}`}
      data-sweep={id}
    >
      <Chevron size={12} aria-hidden="true" />
      {formatCount(count)}
    </button>
  );
}

/** What the keyboard picks the row up with; the mouse takes the row anywhere. */
function Grip({ trial, tabStop }: { readonly trial: Trial; readonly tabStop: boolean }) {
  const { ref, handleRef } = useDraggable({ id: trial.id });
  const attach = useCallback(
    (button: HTMLButtonElement | null) => {
      handleRef(button);
      ref(button?.closest('[data-trial-id]') ?? null);
    },
    [ref, handleRef],
  );
  return (
    <button
      ref={attach}
      type="button"
      className="grip"
      tabIndex={tabStop ? 0 : -1}
      aria-label={`Reorder trial ${trial.id} ${trial.name}`}
      data-grip
    >
      <IconGripVertical size={14} aria-hidden="true" />
    </button>
  );
}

function SlotCell({ trial }: { readonly trial: Trial }) {
  const text = useEngine((state) => slotText(trial, state.gpus));
  return (
    <span role="gridcell" className="slots dim" title={text}>
      {text}
    </span>
  );
}

function RunningCells({ trial }: { readonly trial: Trial }) {
  const live = useEngine((state) => state.live.get(trial.id));
  const progress = live?.progress ?? trial.progress;
  const remainingMs = useTimeLeft(trial);
  const step = live?.step ?? trial.step;
  const activity = live?.activity ?? trial.activity;
  return (
    <>
      <span role="gridcell" className="progress">
        {trial.state === 'starting' && <Tag tone="wait">{activity ?? 'starting'}</Tag>}
        {trial.state === 'stopping' && <StopText trial={trial} />}
        {trial.state === 'running' && trial.frozen && <Tag tone="hold">frozen, keeps its GPU memory</Tag>}
        {trial.state === 'running' && activity !== null && <Tag tone="wait">{activity}</Tag>}
        {trial.state === 'running' && activity === null && !trial.frozen && progress !== null && (
          <>
            <Meter value={progress} label={`Progress of trial ${trial.id}`} />
            <span className="pct dim">{Math.floor(progress * 100)}%</span>
          </>
        )}
        {trial.state === 'running' && activity === null && !trial.frozen && progress === null && (
          <span className="dim">{step === null ? 'running' : `step ${formatCount(step)}`}</span>
        )}
      </span>
      <span role="gridcell" className="when dim">
        {remainingMs !== null ? `${sayDuration(remainingMs)} left` : <Elapsed sinceMs={trial.startedAtMs} />}
      </span>
    </>
  );
}

function StopText({ trial }: { readonly trial: Trial }) {
  const now = useNow(1_000);
  const kill = trial.stop?.killAtMs ?? null;
  const words: Record<string, string> = {
    pause: 'saving, then pausing',
    cancel: 'ending',
    kill: 'killing',
    preempt: 'making room',
    move: 'leaving for another pool',
    time_limit: 'time limit reached',
    search: 'stopped by its search',
    retry: 'ending, then retrying',
  };
  return (
    <Tag tone="wait">
      {words[trial.stop?.kind ?? 'cancel'] ?? 'stopping'}
      {kill === null ? '' : `, at most ${sayDuration(kill - now)}`}
    </Tag>
  );
}

function Elapsed({ sinceMs }: { readonly sinceMs: number | null }) {
  const now = useNow(1_000);
  return <>{sinceMs === null ? '' : sayDuration(now - sinceMs)}</>;
}

function QueuedCells({ trial, place }: { readonly trial: Trial; readonly place: number | null }) {
  const reason = useEngine((state) => state.plan.waiting.get(trial.id));
  const startAtMs = useEngine((state) => state.plan.forecast.get(trial.id)?.startAtMs ?? null);
  const now = useNow(60_000);
  return (
    <>
      <span role="gridcell" className="cut">
        <WhyWaiting reason={reason} place={place} />
      </span>
      <span role="gridcell" className="when dim" title={`Place ${place ?? '?'}, priority ${trial.priority}`}>
        {startAtMs === null ? '' : formatTime(startAtMs, now)}
      </span>
    </>
  );
}

function PausedCells({ trial, place }: { readonly trial: Trial; readonly place: number | null }) {
  const saved = savedText(trial);
  return (
    <>
      <span role="gridcell" className="cut">
        <Tag tone={saved.tone}>{saved.text}</Tag>
      </span>
      <span role="gridcell" className="when dim">
        keeps place {place}
      </span>
    </>
  );
}

function FinishedCells({ trial }: { readonly trial: Trial }) {
  const now = useNow(60_000);
  const tag = stateTag(trial);
  const ranMs = trial.startedAtMs !== null && trial.endedAtMs !== null ? trial.endedAtMs - trial.startedAtMs : null;
  const message =
    trial.outcome?.kind === 'completed' && trial.outcome.code !== 'search'
      ? ranMs === null
        ? ''
        : `ran ${sayDuration(ranMs)}`
      : (trial.outcome?.message ?? '');
  return (
    <>
      <span role="gridcell" className="cut outcome" title={message}>
        <Tag tone={tag.tone}>{tag.text}</Tag>
        {trial.archived && <i className="label">archived</i>}
        <span className="dim cut">{message}</span>
      </span>
      <span role="gridcell" className="when dim">
        {trial.endedAtMs === null ? '' : formatTime(trial.endedAtMs, now)}
      </span>
    </>
  );
}
