/** The table of experiments. */
import type { TableAnswer, TableColumns, TableQuestion, TableWindowBody } from '../../contract/table.ts';
import { listTableColumns } from '../../experiments/table/list-columns.ts';
import { createExperimentTable, type TableDeps } from '../../experiments/table/read-table.ts';

export interface TableService {
  table(body: TableWindowBody): Promise<TableAnswer>;
  tableColumns(question: TableQuestion): Promise<TableColumns>;
}

export function createTableService(deps: TableDeps): TableService {
  const table = createExperimentTable(deps);
  return {
    table: (body) => table.window(body),
    async tableColumns(question) {
      const { order } = await table.orderOf({ ...question, sort: [], group: null }, null);
      return { columns: await listTableColumns(deps.db, order.ids) };
    },
  };
}
