/**
 * The rows of the table that are in sight, and some around them: pages of the engine's order, fetched when they come near.
 *
 * States: asking for an order -> showing it. Invariants: rows keep their places while an order is shown; what changes meanwhile changes in
 * place, and `moved` says that another order would be right now. A new order is asked for by a new question, by the user, or by itself
 * while nobody is at the table.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { TableAnswer, TableItem, TableQuestion } from '../../../electron/contract/table.ts';
import { api } from '../../api/client.ts';
import { onFeedFrame } from '../../api/feed.ts';
import { toApiError, type ApiError } from '../../api/problem.ts';
import { rememberTrials, useEngine } from '../../api/store.ts';

const PAGE = 100;
const TYPING_MS = 180;
/** News of many trials come together; the table asks once. */
const NEWS_MS = 1_500;

export type TableHead = Omit<TableAnswer, 'items' | 'offset'>;

export interface TableRows {
  readonly head: TableHead | null;
  readonly itemAt: (index: number) => TableItem | undefined;
  /** Says which rows are in sight. */
  readonly want: (from: number, to: number) => void;
  readonly problem: ApiError | null;
  /** Something changed since: the rows may stand in another order, or be others. */
  readonly moved: boolean;
  readonly sortAgain: () => void;
  /** Set while somebody is at the table: then no row moves by itself. */
  readonly isWatched: { current: boolean };
}

interface Shown {
  readonly head: TableHead | null;
  readonly items: ReadonlyMap<number, TableItem>;
}

export function useTableRows(
  question: TableQuestion,
  columns: readonly string[],
  folded: ReadonlySet<string>,
): TableRows {
  const [shown, setShown] = useState<Shown>({ head: null, items: new Map() });
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [moved, setMoved] = useState(false);
  const connected = useEngine((state) => state.connection === 'live');
  const range = useRef({ from: 0, to: PAGE });
  const isWatched = useRef(false);
  const order = useRef<string | null>(null);
  const epoch = useRef(new AbortController());
  const asked = useRef(new Set<number>());
  const body = useRef({ ...question, columns: [...columns], folded: [...folded] });
  const questionKey = JSON.stringify(question);
  const shapeKey = JSON.stringify([columns, [...folded]]);
  useEffect(() => {
    body.current = { ...question, columns: [...columns], folded: [...folded] };
  });

  /** @param isFresh the answer replaces what is shown; else it is added */
  const load = useCallback(async (page: number, isFresh: boolean): Promise<void> => {
    const { signal } = epoch.current;
    asked.current.add(page);
    try {
      const { items, offset, ...head } = await api.table(
        { ...body.current, order: order.current, offset: page * PAGE, limit: PAGE },
        signal,
      );
      if (signal.aborted) return;
      rememberTrials(items.flatMap((item) => (item.kind === 'trial' ? [item.trial] : [])));
      // The engine no longer knew the order: these are the places of a new one.
      const isOther = order.current !== null && order.current !== head.order;
      order.current = head.order;
      if (isOther) asked.current = new Set([page]);
      setShown((before) => ({
        head,
        items: new Map([
          ...(isFresh || isOther ? [] : before.items),
          ...items.map((item, at) => [offset + at, item] as const),
        ]),
      }));
      setProblem(null);
    } catch (error) {
      asked.current.delete(page);
      if (!signal.aborted) setProblem(toApiError(error));
    }
  }, []);

  /** Asks anew for the rows in sight. @param isNewOrder they may stand elsewhere */
  const reload = useCallback(
    async (isNewOrder: boolean): Promise<void> => {
      epoch.current.abort();
      epoch.current = new AbortController();
      asked.current = new Set();
      if (isNewOrder) order.current = null;
      const pages = pagesOf(range.current.from, range.current.to);
      // The first answer names the order for the others.
      await load(pages[0] ?? 0, true);
      await Promise.all(pages.slice(1).map((page) => load(page, false)));
    },
    [load],
  );

  useEffect(() => {
    if (!connected) return;
    const timer = setTimeout(() => {
      range.current = { from: 0, to: PAGE };
      setMoved(false);
      void reload(true);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [questionKey, connected, reload]);

  useEffect(() => {
    if (order.current !== null) void reload(false);
  }, [shapeKey, reload]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const news = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (order.current === null) return;
        setMoved(isWatched.current);
        void reload(!isWatched.current);
      }, NEWS_MS);
    };
    const stops = [
      onFeedFrame('metrics', news),
      useEngine.subscribe((state, before) => {
        if (state.trials !== before.trials) news();
      }),
    ];
    return () => {
      stops.forEach((stop) => stop());
      clearTimeout(timer);
    };
  }, [reload]);

  useEffect(() => () => epoch.current.abort(), []);

  const want = useCallback(
    (from: number, to: number): void => {
      range.current = { from, to };
      if (order.current === null) return;
      for (const page of pagesOf(from, to)) if (!asked.current.has(page)) void load(page, false);
    },
    [load],
  );
  const sortAgain = useCallback(() => {
    setMoved(false);
    void reload(true);
  }, [reload]);
  return {
    head: shown.head,
    itemAt: (index) => shown.items.get(index),
    want,
    problem,
    moved,
    sortAgain,
    isWatched,
  };
}

function pagesOf(from: number, to: number): readonly number[] {
  const first = Math.floor(Math.max(0, from) / PAGE);
  const last = Math.floor(Math.max(0, to) / PAGE);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
