/** What the queue list shows, as plain data: sections, rows, places and where things are in pixels. No I/O. */
import { compareInLine } from '../../../electron/contract/queue-order.ts';
import type { MoveTo, Trial } from '../../../electron/contract/trials.ts';
import { createParamText } from '../../shared/telling-params.ts';

export const ROW_PX = 36;
export const SECTION_PX = 30;
const MAX_FINISHED = 500;

export type SectionId = 'running' | 'queued' | 'paused' | 'finished';

export type QueueItem =
  | { readonly kind: 'section'; readonly section: SectionId; readonly count: number }
  | {
      readonly kind: 'trial';
      readonly section: SectionId;
      readonly id: number;
      readonly place: number | null;
      /** The sweep that begins with this row; null = it is a trial like any other. */
      readonly sweep: SweepHead | null;
    };

/** Trials of one sweep that stand together in the line are one row, which opens. */
export interface SweepHead {
  readonly experimentId: number;
  /** All that stand together, this one first. */
  readonly ids: readonly number[];
  readonly isOpen: boolean;
}

/** What is one row of the line: a trial, or the trials of a folded sweep. */
export interface LineRow {
  readonly trials: readonly Trial[];
  readonly sweep: SweepHead | null;
}

/** As it is kept among what is folded; a sweep is folded unless it was opened. */
export const openSweepKey = (experimentId: number): string => `sweep-${experimentId}`;

/** Rows of one section in pixels from the top of the list. */
export interface SectionLayout {
  readonly section: SectionId;
  readonly topPx: number;
  readonly firstIndex: number;
  readonly ids: readonly number[];
}

export interface QueueModel {
  readonly items: readonly QueueItem[];
  readonly layout: readonly SectionLayout[];
  readonly running: readonly Trial[];
  readonly queued: readonly Trial[];
  readonly paused: readonly Trial[];
  readonly finished: readonly Trial[];
  readonly archivedCount: number;
  /** The rows of both, as they are shown. */
  readonly rows: { readonly queued: readonly LineRow[]; readonly paused: readonly LineRow[] };
  /** Queued and paused together in queue order. */
  readonly line: readonly Trial[];
  readonly placeOf: ReadonlyMap<number, number>;
  readonly indexOf: ReadonlyMap<number, number>;
  /** A trial's parameters in words; first what tells it from the others. */
  readonly paramText: (trial: Trial) => string;
}

/** @returns the list of a pool's trials; folded sections keep their heading only. */
export function buildQueue(
  trials: Iterable<Trial>,
  poolId: string,
  folded: ReadonlySet<string>,
  showArchived: boolean,
): QueueModel {
  const running: Trial[] = [];
  const line: Trial[] = [];
  const done: Trial[] = [];
  let archivedCount = 0;
  for (const trial of trials) {
    if (trial.poolId !== poolId) continue;
    if (trial.state === 'done') {
      if (trial.archived) archivedCount += 1;
      if (showArchived || !trial.archived) done.push(trial);
    } else if (trial.state === 'queued' || trial.state === 'paused') line.push(trial);
    else running.push(trial);
  }
  running.sort((a, b) => (a.startedAtMs ?? Infinity) - (b.startedAtMs ?? Infinity) || a.id - b.id);
  line.sort(compareInLine);
  const finished = done.sort((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0) || b.id - a.id).slice(0, MAX_FINISHED);
  const placeOf = new Map(line.map((trial, index) => [trial.id, index + 1]));
  const queued = line.filter((trial) => trial.state === 'queued');
  const paused = line.filter((trial) => trial.state === 'paused');

  const items: QueueItem[] = [];
  const layout: SectionLayout[] = [];
  const indexOf = new Map<number, number>();
  let topPx = 0;
  const add = (section: SectionId, trialsOf: readonly Trial[], rows: readonly LineRow[], always = false): void => {
    if (trialsOf.length === 0 && !always) return;
    items.push({ kind: 'section', section, count: trialsOf.length });
    topPx += SECTION_PX;
    const shown = folded.has(section) ? [] : rows;
    layout.push({ section, topPx, firstIndex: items.length, ids: shown.map(({ trials: [lead] }) => lead?.id ?? 0) });
    for (const {
      trials: [lead, ...others],
      sweep,
    } of shown) {
      if (lead === undefined) continue;
      for (const { id } of [lead, ...others]) indexOf.set(id, items.length);
      items.push({ kind: 'trial', section, id: lead.id, place: placeOf.get(lead.id) ?? null, sweep });
    }
    topPx += shown.length * ROW_PX;
  };
  const rows = { queued: foldSweeps(queued, folded), paused: foldSweeps(paused, folded) };
  add('running', running, alone(running));
  add('queued', queued, rows.queued);
  add('paused', paused, rows.paused);
  // Without rows the heading stays when there is something in the archive to show.
  add('finished', finished, alone(finished), archivedCount > 0);
  return {
    items,
    layout,
    running,
    queued,
    paused,
    finished,
    archivedCount,
    rows,
    line,
    placeOf,
    indexOf,
    paramText: createParamText([...running, ...line, ...finished]),
  };
}

const alone = (trials: readonly Trial[]): LineRow[] => trials.map((trial) => ({ trials: [trial], sweep: null }));

function foldSweeps(trials: readonly Trial[], folded: ReadonlySet<string>): LineRow[] {
  const rows: LineRow[] = [];
  for (let from = 0; from < trials.length;) {
    const lead = trials[from]!;
    let to = from + 1;
    if (lead.inSweep != null)
      while (to < trials.length && trials[to]!.inSweep != null && trials[to]!.experimentId === lead.experimentId)
        to += 1;
    const together = trials.slice(from, to);
    from = to;
    if (together.length === 1) {
      rows.push({ trials: together, sweep: null });
      continue;
    }
    const isOpen = folded.has(openSweepKey(lead.experimentId));
    const sweep = { experimentId: lead.experimentId, ids: together.map(({ id }) => id), isOpen };
    if (isOpen) rows.push(...together.map((trial, at) => ({ trials: [trial], sweep: at === 0 ? sweep : null })));
    else rows.push({ trials: together, sweep });
  }
  return rows;
}

/** @returns the same trials, with all of a folded sweep for the one that stands for it */
export function withFolded(model: QueueModel, ids: Iterable<number>): Set<number> {
  const all = new Set<number>();
  for (const id of ids) {
    all.add(id);
    const item = model.items[model.indexOf.get(id) ?? -1];
    if (item?.kind === 'trial' && item.id === id && item.sweep?.isOpen === false)
      for (const member of item.sweep.ids) all.add(member);
  }
  return all;
}

/** Where dragged trials would land: between two rows of the queued (or paused) section. */
export interface Gap {
  readonly section: 'queued' | 'paused';
  /** 0: before the first row. */
  readonly index: number;
}

/** @returns the gap nearest to a height in the list; null when there is no section to land in. */
export function gapAt(model: QueueModel, yPx: number, paused: boolean): Gap | null {
  const wanted = model.layout.filter(
    (each) =>
      (each.section === 'queued' && each.ids.length > 0) ||
      (each.section === 'paused' && paused && each.ids.length > 0),
  );
  let best: { gap: Gap; distance: number } | null = null;
  for (const { section, topPx, ids } of wanted) {
    const index = Math.min(ids.length, Math.max(0, Math.round((yPx - topPx) / ROW_PX)));
    const distance = Math.abs(yPx - (topPx + index * ROW_PX));
    if (best === null || distance < best.distance)
      best = { gap: { section: section as Gap['section'], index }, distance };
  }
  return best?.gap ?? null;
}

/** @returns the height of a gap in the list, in pixels. */
export function gapTop(model: QueueModel, gap: Gap): number {
  const section = model.layout.find((each) => each.section === gap.section);
  return section === undefined ? 0 : section.topPx + gap.index * ROW_PX;
}

export interface Landing {
  readonly to: MoveTo;
  /** 1-based place in the line after the move. */
  readonly place: number;
  /** The priority the trials would take, where it differs from theirs. */
  readonly takesPriority: number | null;
}

/**
 * Turns a gap into a move. Between two priorities the trials stay with the neighbour of their own priority.
 * @returns null when nothing would change.
 */
export function landingAt(model: QueueModel, gap: Gap, dragged: readonly Trial[]): Landing | null {
  const ids = new Set(dragged.map((trial) => trial.id));
  const rows = model.rows[gap.section];
  const stays = (trial: Trial): boolean => !ids.has(trial.id);
  let before: Trial | undefined;
  for (let i = gap.index - 1; i >= 0 && before === undefined; i -= 1) before = rows[i]!.trials.findLast(stays);
  let after: Trial | undefined;
  for (let i = gap.index; i < rows.length && after === undefined; i += 1) after = rows[i]!.trials.find(stays);
  const own = dragged[0]?.priority;
  const anchor = before?.priority === own && before !== undefined ? before : (after ?? before);
  if (anchor === undefined) return null;
  const behind = anchor === before;
  const placeOf = (trial: Trial): number => model.placeOf.get(trial.id) ?? 0;
  // Where it would stand once the dragged trials are out of the line.
  const at =
    placeOf(anchor) - 1 - dragged.filter((trial) => placeOf(trial) < placeOf(anchor)).length + (behind ? 1 : 0);
  // Put back where they were: the order does not change, so the priority must not either.
  if (dragged.every((trial, index) => model.line[at + index]?.id === trial.id)) return null;
  return {
    to: { place: behind ? 'behind' : 'ahead', anchorId: anchor.id },
    place: at + 1,
    takesPriority: dragged.some((trial) => trial.priority !== anchor.priority) ? anchor.priority : null,
  };
}

/** @returns the trials of the list that are on the page or could be, in its order */
export const idsInOrder = (model: QueueModel): number[] =>
  model.items.flatMap((item) => (item.kind === 'trial' ? [item.id] : []));
