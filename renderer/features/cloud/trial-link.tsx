/** The number of a trial, which leads to it. */
import { api } from '../../api/client.ts';
import { showTrial } from '../../shared/show-trial.ts';
import { attempt } from '../../shared/toasts.tsx';

export function TrialLink({ trialId }: { readonly trialId: number }) {
  const show = (): void => void attempt(async () => showTrial((await api.trial(trialId)).trial));
  return (
    <button type="button" className="link" onClick={show}>
      #{trialId}
    </button>
  );
}
