/** The parameters and metrics of the trials that fit; asked for again when other trials fit. */
import { useEffect, useState } from 'react';
import type { TableColumn, TableView } from '../../../electron/contract/table.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';

const TYPING_MS = 250;

/** @param total how many fit, as far as it is known: another number may bring other columns */
export function useColumns({ search, archived }: TableView, total: number | null): readonly TableColumn[] | null {
  const [columns, setColumns] = useState<readonly TableColumn[] | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    if (!connected) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.tableColumns({ search, archived, sort: [], group: null }, abort.signal).then(
        (answer) => setColumns(answer.columns),
        // A search that cannot be read is told where it is typed; the columns stay.
        () => undefined,
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [search, archived, total, connected]);
  return columns;
}
