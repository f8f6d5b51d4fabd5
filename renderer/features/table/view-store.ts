/**
 * How one looks at the table: the view as it is now, the saved one it came from, and all saved ones. The view as it is now is remembered on
 * this machine; saved ones are the engine's.
 */
import { create } from 'zustand';
import type { NamedView, TableView } from '../../../electron/contract/table.ts';
import { api } from '../../api/client.ts';

export const PLAIN_VIEW: TableView = {
  search: '',
  archived: 'false',
  sort: [],
  group: null,
  columns: null,
  pinned: [],
  onlyDiffering: true,
};

export interface TableViews {
  readonly view: TableView;
  /** The saved one that is looked at; null = all trials. */
  readonly name: string | null;
  readonly saved: readonly NamedView[];
  /** Keys of groups whose trials are not shown. */
  readonly folded: ReadonlySet<string>;
}

const KEY = 'switchyard.table';

function read(): Pick<TableViews, 'view' | 'name'> {
  try {
    const stored = JSON.parse(window.localStorage.getItem(KEY) ?? '{}') as Partial<Pick<TableViews, 'view' | 'name'>>;
    return { view: { ...PLAIN_VIEW, ...stored.view }, name: stored.name ?? null };
  } catch {
    // Somebody else wrote there: begin anew.
    return { view: PLAIN_VIEW, name: null };
  }
}

export const useTableViews = create<TableViews>()(() => ({ ...read(), saved: [], folded: new Set<string>() }));

useTableViews.subscribe(({ view, name }) => window.localStorage.setItem(KEY, JSON.stringify({ view, name })));

/** Changes the view as it is now. */
export function changeView(change: Partial<TableView>): void {
  useTableViews.setState(({ view, folded }) => ({
    view: { ...view, ...change },
    folded: change.group === undefined ? folded : new Set(),
  }));
}

/** Looks through a saved view, or at everything. */
export function openView(named: NamedView | null): void {
  useTableViews.setState({ view: named?.view ?? PLAIN_VIEW, name: named?.name ?? null, folded: new Set() });
}

export function toggleFolded(key: string): void {
  useTableViews.setState(({ folded }) => {
    const next = new Set(folded);
    if (!next.delete(key)) next.add(key);
    return { folded: next };
  });
}

export async function loadViews(signal: AbortSignal): Promise<void> {
  useTableViews.setState({ saved: (await api.tableViews(signal)).views });
}

/** Saves the view as it is now under a name, in place of what had that name. */
export async function saveView(name: string): Promise<void> {
  const { views } = await api.putTableView(name, useTableViews.getState().view);
  useTableViews.setState({ saved: views, name });
}

export async function deleteView(name: string): Promise<void> {
  const { views } = await api.deleteTableView(name);
  useTableViews.setState((state) => ({ saved: views, name: state.name === name ? null : state.name }));
}

/** Whether the view as it is now differs from the saved one it came from. */
export const isChanged = ({ view, name, saved }: TableViews): boolean =>
  JSON.stringify(view) !== JSON.stringify({ ...PLAIN_VIEW, ...saved.find((one) => one.name === name)?.view });
