/** The table of experiments. */
import type {
  NamedView,
  TableAnswer,
  TableColumns,
  TableQuestion,
  TableView,
  TableWindowBody,
} from '../../contract/table.ts';
import { listTableColumns } from '../../experiments/table/list-columns.ts';
import { createExperimentTable, type TableDeps } from '../../experiments/table/read-table.ts';
import type { Store } from '../../store/database.ts';
import { deleteTableView, listTableViews, putTableView } from '../../store/table-views.ts';

export interface TableService {
  table(body: TableWindowBody): Promise<TableAnswer>;
  tableColumns(question: TableQuestion): Promise<TableColumns>;
  tableViews(): NamedView[];
  putTableView(name: string, view: TableView): NamedView[];
  deleteTableView(name: string): NamedView[];
}

export function createTableService({
  store,
  ...deps
}: Omit<TableDeps, 'db'> & { readonly store: Store }): TableService {
  const { db } = store;
  const table = createExperimentTable({ db, ...deps });
  return {
    table: (body) => table.window(body),
    async tableColumns(question) {
      const { order } = await table.orderOf({ ...question, sort: [], group: null }, null);
      return { columns: await listTableColumns(db, order.ids) };
    },
    tableViews: () => listTableViews(db),
    putTableView: (name, view) => putTableView(store, name, view),
    deleteTableView: (name) => deleteTableView(store, name),
  };
}
