/** A refusal that a dialog shows; that the engine could not be reached is no longer said once it answers again. */
import { useEffect, useState } from 'react';
import type { ApiError } from '../api/problem.ts';
import { useEngine } from '../api/store.ts';

export function useProblem(): [ApiError | null, (problem: ApiError | null) => void] {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    if (connected) setProblem((before) => (before?.code === 'unreachable' ? null : before));
  }, [connected]);
  return [problem, setProblem];
}

/** @returns whether an edit is of the field that was refused: its mark and what was said of it are then out of date. */
export const isOfRefusedField = (event: { readonly target: EventTarget }): boolean =>
  event.target instanceof Element && event.target.getAttribute('aria-invalid') === 'true';
