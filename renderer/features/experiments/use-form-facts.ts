/** What the engine knows that a form can offer: what was submitted lately, directories, environments, and what it would say. */
import { useEffect, useRef, useState } from 'react';
import type { SubmitBodyInput } from '../../../electron/contract/config.ts';
import type { SearchPreview } from '../../../electron/contract/experiments.ts';
import type { PythonEnvironment, RecentSubmits } from '../../../electron/contract/form.ts';
import { api } from '../../api/client.ts';
import { ApiError } from '../../api/problem.ts';

/** Typing rests so long before the engine is asked. */
const PAUSE_MS = 200;
const NOTHING_RECENT: RecentSubmits = { directories: [], labels: [] };

/** Calls `ask` once `key` has rested; a later key ends the earlier question. What fails is not offered, and nothing else. */
function useAnswer<T>(key: string, ask: (key: string, signal: AbortSignal) => Promise<T>, nothing: T): T {
  const [answer, setAnswer] = useState(nothing);
  const latest = useRef({ ask, nothing });
  useEffect(() => {
    latest.current = { ask, nothing };
  });
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      latest.current.ask(key, abort.signal).then(setAnswer, () => {
        if (!abort.signal.aborted) setAnswer(latest.current.nothing);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);
  return answer;
}

/** @returns directories and labels of the latest submits */
export function useRecent(): RecentSubmits {
  const [recent, setRecent] = useState(NOTHING_RECENT);
  useEffect(() => {
    api.recentSubmits().then(setRecent, () => undefined);
  }, []);
  return recent;
}

const NO_PATHS: readonly string[] = [];

/** @returns the directories that what was typed may become, as absolute paths */
export function useCompletion(typed: string): readonly string[] {
  return useAnswer(
    typed.trim(),
    async (text, signal) =>
      text === '' ? NO_PATHS : (await api.completeDirectory(text, signal)).directories.map(({ path }) => path),
    NO_PATHS,
  );
}

const NO_ENVIRONMENTS: readonly PythonEnvironment[] = [];

/** @returns Python environments a trial of this directory could run in, the directory's own first */
export function useEnvironments(directory: string): readonly PythonEnvironment[] {
  const path = directory.trim();
  return useAnswer(
    path.startsWith('/') ? path : '',
    async (absolute, signal) => (await api.environments(absolute, signal)).environments,
    NO_ENVIRONMENTS,
  );
}

/** What the engine would answer to a submit. */
export interface Advice {
  readonly problem: ApiError | null;
  readonly notes: readonly string[];
  /** What a sweep or search would make. */
  readonly preview: SearchPreview | null;
}

/** @returns the last answer, and the function that asks; null = take the answer away */
export function useAdvice(): [Advice | null, (body: Pick<SubmitBodyInput, 'config' | 'source'> | null) => void] {
  const [advice, setAdvice] = useState<Advice | null>(null);
  const asked = useRef<AbortController>(undefined);
  useEffect(() => () => asked.current?.abort(), []);
  const ask = (body: Pick<SubmitBodyInput, 'config' | 'source'> | null): void => {
    asked.current?.abort();
    if (body === null) return setAdvice(null);
    const abort = new AbortController();
    asked.current = abort;
    api.checkSubmit(body, abort.signal).then(
      ({ problem, notes, preview }) =>
        setAdvice({ problem: problem === null ? null : new ApiError(problem), notes, preview }),
      () => {
        if (!abort.signal.aborted) setAdvice(null);
      },
    );
  };
  return [advice, ask];
}
