/**
 * A drag in progress: which trials, where they would land, and what that would mean.
 *
 * States: idle (ids empty) -> dragging (target changes with every move, the preview follows it after a pause) -> idle.
 * The list registers its geometry here; the pointer, the keyboard and auto-scroll all go through `aim*`.
 */
import { create } from 'zustand';
import type { ForecastEntry } from '../../../electron/contract/feed.ts';
import type { Trial } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { engineNow, useEngine } from '../../api/store.ts';
import { formatTime } from '../../ui/format.ts';
import { moveToPool, moveTrials, revisionsOf, trialsOf } from '../../shared/trial-actions.ts';
import { gapAt, landingAt, withFolded } from './queue-model.ts';
import type { Gap, Landing, LineRow, QueueModel } from './queue-model.ts';

const PREVIEW_PAUSE_MS = 120;
const MAX_PREVIEWED = 1_000;

export interface DragState {
  readonly ids: readonly number[];
  readonly leadId: number | null;
  readonly byKeyboard: boolean;
  readonly gap: Gap | null;
  readonly landing: Landing | null;
  readonly poolId: string | null;
  /** "starts 18:10, not 21:30"; empty until the engine has answered. */
  readonly forecast: string;
}

const IDLE: DragState = {
  ids: [],
  leadId: null,
  byKeyboard: false,
  gap: null,
  landing: null,
  poolId: null,
  forecast: '',
};
export const useDrag = create<DragState>()(() => IDLE);

/** What the list lends to the drag: its data and its scroll element. */
export interface ListGeometry {
  readonly model: QueueModel;
  readonly element: HTMLElement;
  readonly scrollToGap: (gap: Gap) => void;
}
let list: ListGeometry | null = null;
export const setListGeometry = (geometry: ListGeometry | null): void => void (list = geometry);

let trials: Trial[] = [];
let revisions: Record<string, number> = {};
let previewTimer: ReturnType<typeof setTimeout> | undefined;
let previewAbort: AbortController | undefined;
let lastPointer: { x: number; y: number } | null = null;

/** Picks up `leadId`, with the rest of the selection when it is part of it. */
export function beginDrag(leadId: number, selection: ReadonlySet<number>, byKeyboard: boolean): void {
  if (list === null) return;
  const wanted = withFolded(list.model, selection.has(leadId) ? selection : [leadId]);
  trials = list.model.line.filter((trial) => wanted.has(trial.id));
  revisions = revisionsOf(trials);
  lastPointer = null;
  const lead = trials.find((trial) => trial.id === leadId);
  if (lead === undefined) return;
  const section = lead.state === 'paused' ? 'paused' : 'queued';
  useDrag.setState({
    ...IDLE,
    ids: trials.map((trial) => trial.id),
    leadId,
    byKeyboard,
    gap: { section, index: rowOf(list.model.rows[section], lead) },
  });
}

const rowOf = (rows: readonly LineRow[], trial: Trial): number =>
  rows.findIndex(({ trials: of }) => of.includes(trial));

function aim(gap: Gap | null, poolId: string | null): void {
  const state = useDrag.getState();
  if (list === null || state.ids.length === 0) return;
  if (state.poolId === poolId && state.gap?.index === gap?.index && state.gap?.section === gap?.section) return;
  const landing = gap === null ? null : landingAt(list.model, gap, trials);
  useDrag.setState({ gap, landing, poolId, forecast: '' });
  previewSoon();
}

/** Aims at the gap under the pointer; x and y in client pixels. */
export function aimAtPointer(x: number, y: number): void {
  if (list === null) return;
  lastPointer = { x, y };
  const box = list.element.getBoundingClientRect();
  const paused = trials.every((trial) => trial.state === 'paused');
  aim(gapAt(list.model, Math.min(box.bottom, Math.max(box.top, y)) - box.top + list.element.scrollTop, paused), null);
}

/** Called when the list scrolled under a resting pointer. */
export function aimAgain(): void {
  const state = useDrag.getState();
  if (lastPointer !== null && !state.byKeyboard && state.poolId === null) aimAtPointer(lastPointer.x, lastPointer.y);
}

export function aimAtPool(poolId: string): void {
  aim(null, poolId);
}

/** Moves the aim by rows; used by the keyboard. */
export function stepAim(by: number): void {
  const { gap } = useDrag.getState();
  if (list === null || gap === null) return;
  const rows = list.model.rows[gap.section];
  const chosen = new Set(trials.map((trial) => trial.id));
  let index = gap.index;
  for (let left = Math.abs(by); left > 0; left -= 1) {
    // Gaps around the dragged rows themselves are one and the same place.
    do index += Math.sign(by);
    while (
      index > 0 &&
      index < rows.length &&
      rows[by > 0 ? index - 1 : index]!.trials.every(({ id }) => chosen.has(id))
    );
  }
  const next: Gap = { section: gap.section, index: Math.min(rows.length, Math.max(0, index)) };
  aim(next, null);
  list.scrollToGap(next);
}

/** Steps through the pools with the keyboard; the list is the place before the first. */
export function stepPool(by: number): void {
  const { ids, poolId } = useDrag.getState();
  const lead = trials[0];
  if (list === null || ids.length === 0 || lead === undefined) return;
  const others = useEngine.getState().pools.filter((pool) => pool.id !== lead.poolId);
  const at = others.findIndex((pool) => pool.id === poolId) + by;
  const next = others[at];
  if (next !== undefined) aim(null, next.id);
  else if (at < 0) {
    const section = lead.state === 'paused' ? 'paused' : 'queued';
    aim({ section, index: Math.max(0, rowOf(list.model.rows[section], lead)) }, null);
  }
}

function previewSoon(): void {
  clearTimeout(previewTimer);
  previewAbort?.abort();
  previewTimer = setTimeout(() => void preview(), PREVIEW_PAUSE_MS);
}

async function preview(): Promise<void> {
  const { landing, poolId, leadId, ids } = useDrag.getState();
  if (leadId === null || (landing === null && poolId === null)) return;
  const abort = new AbortController();
  previewAbort = abort;
  try {
    const answer = await api.movePreview(
      {
        trialIds: ids.slice(0, MAX_PREVIEWED),
        to: landing?.to ?? { place: 'bottom' },
        ...(poolId === null ? {} : { poolId }),
      },
      abort.signal,
    );
    const first = ids[0];
    const startOf = (entries: readonly ForecastEntry[]): number | null =>
      entries.find((entry) => entry.trialId === first)?.startAtMs ?? null;
    useDrag.setState((state) =>
      abort.signal.aborted || state.ids !== ids
        ? state
        : { forecast: describeStart(startOf(answer.before), startOf(answer.after)) },
    );
  } catch {
    // The preview is a courtesy: the drag goes on without it.
  }
}

function describeStart(beforeMs: number | null, afterMs: number | null): string {
  if (afterMs === null) return '';
  const now = engineNow();
  const after = formatTime(afterMs, now);
  const before = beforeMs === null ? null : formatTime(beforeMs, now);
  return before === null || before === after ? `starts ${after}` : `starts ${after}, not ${before}`;
}

/** @returns what letting go now would do, in words. */
export function describeAim(state: DragState): string {
  if (state.poolId !== null) {
    const pool = useEngine.getState().pools.find((each) => each.id === state.poolId);
    const asks = pool?.kind === 'cloud' ? ', asks what it may cost first' : '';
    return `moves to ${pool?.name ?? state.poolId}${asks}${state.forecast === '' ? '' : `: ${state.forecast}`}`;
  }
  if (state.landing === null) return 'stays where it is';
  const place = `moves to place ${state.landing.place}`;
  const priority = state.landing.takesPriority === null ? '' : `, takes priority ${state.landing.takesPriority}`;
  return `${place}${state.forecast === '' ? '' : `: ${state.forecast}`}${priority}`;
}

/** Ends the drag; unless cancelled the trials go where they were aimed at. */
export function endDrag(cancelled: boolean): void {
  const { landing, poolId, ids } = useDrag.getState();
  clearTimeout(previewTimer);
  previewAbort?.abort();
  useDrag.setState(IDLE);
  const seen = revisions;
  const current = trialsOf(ids);
  trials = [];
  if (cancelled) return;
  if (poolId !== null) void moveToPool(current, poolId);
  else if (landing !== null) void moveTrials(current, landing.to, seen);
}
