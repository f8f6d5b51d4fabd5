/** Selecting rows with mouse and keyboard, over the rows that are on the list. */
import { useView } from '../../shared/view-state.ts';
import type { QueueModel } from './queue-model.ts';

const idsInOrder = (model: QueueModel): number[] =>
  model.items.flatMap((item) => (item.kind === 'trial' ? [item.id] : []));

/** Click: this row only. Ctrl: adds or removes it. Shift: everything from the anchor to it. */
export function selectRow(
  model: QueueModel,
  id: number,
  keys: { readonly toggle: boolean; readonly range: boolean },
): void {
  const view = useView.getState();
  if (keys.range && view.anchorId !== null) {
    const ids = idsInOrder(model);
    const from = ids.indexOf(view.anchorId);
    const to = ids.indexOf(id);
    if (from !== -1 && to !== -1) {
      useView.setState({ selection: new Set(ids.slice(Math.min(from, to), Math.max(from, to) + 1)), activeId: id });
      return;
    }
  }
  if (keys.toggle) {
    const selection = new Set(view.selection);
    if (!selection.delete(id)) selection.add(id);
    useView.setState({ selection, activeId: id, anchorId: id });
    return;
  }
  useView.setState({ selection: new Set([id]), activeId: id, anchorId: id, inspectedId: id });
}

/**
 * Moves the keyboard's row.
 * @param focusedId the row that has the focus; it counts while no row was chosen yet
 * @returns the row it is on now
 */
export function stepRow(
  model: QueueModel,
  by: number,
  focusedId: number | null,
  keys: { readonly range: boolean },
): number | null {
  const ids = idsInOrder(model);
  const from = useView.getState().activeId ?? focusedId;
  const at = from === null ? -1 : ids.indexOf(from);
  const id = ids[at === -1 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
  if (id === undefined) return null;
  selectRow(model, id, { toggle: false, range: keys.range });
  return id;
}

/** Selects every queued and paused trial of the pool. */
export function selectLine(model: QueueModel): void {
  useView.setState({ selection: new Set(model.line.map((trial) => trial.id)) });
}

export function clearSelection(): void {
  useView.setState({ selection: new Set() });
}
