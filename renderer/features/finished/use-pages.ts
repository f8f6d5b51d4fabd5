/**
 * The finished trials that fit a question, page by page: the first when the question changes, the next when the end of the list comes
 * near. Trials that end, or are archived or deleted meanwhile, come and go with the next first page or with the feed.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { TrialSort } from '../../../electron/contract/paging.ts';
import type { Trial } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { onFeedFrame } from '../../api/feed.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';
import { rememberTrials, useEngine } from '../../api/store.ts';

/** The engine's own limit is 1,000. */
const PAGE = 500;
const TYPING_MS = 200;
/** Several end together: the list is asked for once. */
const ENDED_MS = 500;

export interface Sorting {
  readonly sort: TrialSort;
  readonly order: 'asc' | 'desc';
}

export interface FinishedQuestion extends Sorting {
  readonly search: string;
  readonly archived: boolean;
}

export interface FinishedPages {
  readonly ids: readonly number[];
  readonly total: number | null;
  readonly problem: ApiError | null;
  /** Asks for the next page, if there is one and it is not on its way. */
  readonly loadMore: () => void;
}

interface Answer {
  readonly ids: readonly number[];
  readonly total: number | null;
  readonly next: string | null;
}

const NOTHING: Answer = { ids: [], total: null, next: null };

export function useFinishedPages({ search, sort, order, archived }: FinishedQuestion): FinishedPages {
  const [answer, setAnswer] = useState(NOTHING);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  const asked = useRef<AbortController | null>(null);
  const waiting = useRef(false);

  const ask = useCallback(
    async (after: string | null): Promise<void> => {
      if (after === null) asked.current?.abort();
      else if (waiting.current) return;
      const abort = after === null ? new AbortController() : (asked.current ?? new AbortController());
      asked.current = abort;
      waiting.current = true;
      try {
        const page = await api.listTrials(
          {
            state: 'done',
            search,
            sort,
            order,
            archived: archived ? 'all' : 'false',
            limit: PAGE,
            after: after ?? undefined,
          },
          abort.signal,
        );
        rememberTrials(page.trials);
        const found = page.trials.map((trial: Trial) => trial.id);
        setAnswer((before) => ({
          ids: after === null ? found : [...new Set([...before.ids, ...found])],
          total: page.total,
          next: page.next,
        }));
        setProblem(null);
      } catch (error) {
        if (!abort.signal.aborted) setProblem(toApiError(error));
      } finally {
        if (!abort.signal.aborted) waiting.current = false;
      }
    },
    [search, sort, order, archived],
  );

  useEffect(() => {
    if (!connected) return;
    const timer = setTimeout(() => void ask(null), TYPING_MS);
    return () => {
      clearTimeout(timer);
      asked.current?.abort();
    };
  }, [ask, connected]);

  // Who has scrolled on through the pages is not thrown back to the first.
  const isFirstPage = answer.ids.length <= PAGE;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onFeedFrame('finished', () => {
      if (isFirstPage) timer ??= setTimeout(() => void ask(null), ENDED_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [ask, isFirstPage]);

  const { next } = answer;
  const loadMore = useCallback(() => {
    if (next !== null) void ask(next);
  }, [ask, next]);
  return { ids: answer.ids, total: answer.total, problem, loadMore };
}
