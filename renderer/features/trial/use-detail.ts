/** The parts of a trial the feed does not carry: configuration, attempts, checkpoints, history. */
import { useEffect, useState } from 'react';
import type { Trial, TrialDetail } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';

/** Fetches the detail, and again whenever the trial's revision, attempt or checkpoint changes, and when the engine is back. */
export function useDetail(trial: Trial): { readonly detail: TrialDetail | null; readonly error: ApiError | null } {
  const [detail, setDetail] = useState<TrialDetail | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const savedAtMs = trial.checkpoint?.savedAtMs;
  const connected = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    // The banner says that there is nobody to ask.
    setError(null);
    if (!connected) return;
    const abort = new AbortController();
    api
      .trial(trial.id, abort.signal)
      .then((answer) => {
        setDetail(answer);
        setError(null);
      })
      .catch((reason: unknown) => {
        if (!abort.signal.aborted) setError(toApiError(reason));
      });
    return () => abort.abort();
  }, [trial.id, trial.revision, trial.attempt, trial.state, savedAtMs, connected]);
  return { detail: detail?.trial.id === trial.id ? detail : null, error };
}
