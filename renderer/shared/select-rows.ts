/** Selecting rows with mouse and keyboard, over the trials of a list in their order. */
import { useView } from './view-state.ts';

/** Click: this row only. Ctrl: adds or removes it. Shift: everything from the anchor to it. */
export function selectRow(
  ids: readonly number[],
  id: number,
  keys: { readonly toggle: boolean; readonly range: boolean },
): void {
  const view = useView.getState();
  if (keys.range && view.anchorId !== null) {
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
  ids: readonly number[],
  by: number,
  focusedId: number | null,
  keys: { readonly range: boolean },
): number | null {
  const from = useView.getState().activeId ?? focusedId;
  const at = from === null ? -1 : ids.indexOf(from);
  const id = ids[at === -1 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
  if (id === undefined) return null;
  selectRow(ids, id, { toggle: false, range: keys.range });
  return id;
}

export function clearSelection(): void {
  useView.setState({ selection: new Set() });
}
