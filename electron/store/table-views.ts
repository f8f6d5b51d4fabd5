/** Views of the experiments table, kept under names. A few, written seldom: one value holds all of them. */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../contract/errors.ts';
import { MAX_VIEWS, NamedView, type TableView } from '../contract/table.ts';
import type { Store } from './database.ts';
import { getMeta, setMeta } from './meta.ts';

const KEY = 'table_views';

/** By name. One that is not understood (of another version) is left out. */
export function listTableViews(db: Database): NamedView[] {
  const stored = JSON.parse(getMeta(db, KEY) ?? '[]') as unknown[];
  return stored.flatMap((one) => {
    const read = NamedView.safeParse(one);
    return read.success ? [read.data] : [];
  });
}

/** @throws SwitchyardError invalid_request where there are too many */
export function putTableView(store: Store, name: string, view: TableView): NamedView[] {
  return change(store, (views) => {
    const others = views.filter((one) => one.name !== name);
    if (others.length >= MAX_VIEWS)
      throw new SwitchyardError('invalid_request', `There are ${MAX_VIEWS} views of the table already.`, {
        path: 'name',
        remedy: 'Delete one that is no longer needed, or save under its name.',
      });
    return [...others, { name, view }].toSorted((a, b) => a.name.localeCompare(b.name));
  });
}

/** Deleting one that is gone changes nothing. */
export function deleteTableView(store: Store, name: string): NamedView[] {
  return change(store, (views) => views.filter((one) => one.name !== name));
}

function change(store: Store, next: (views: NamedView[]) => NamedView[]): NamedView[] {
  return store.transact('keep views of the table', (tx) => {
    const views = next(listTableViews(tx.db));
    setMeta(tx.db, KEY, JSON.stringify(views));
    return views;
  });
}
