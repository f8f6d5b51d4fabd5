/** "This log has loss and acc": numbers with names that a program prints, taken as metrics by one click. */
import { useEffect, useState } from 'react';
import type { LogFacts, Trial } from '../../../electron/contract/trials.ts';
import { sayList } from '../../../electron/text/say.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { attempt } from '../../shared/toasts.tsx';
import { Button } from '../../ui/button.tsx';

const NAMED = 4;

/**
 * @param grown rises as the log grows: the engine is asked again then, not by the clock
 * @returns what the log tells by itself; null = not known yet
 */
function useLogFacts(trial: Trial, grown: number): [LogFacts | null, (facts: LogFacts) => void] {
  const [facts, setFacts] = useState<LogFacts | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  const ended = trial.state === 'done';
  useEffect(() => {
    if (!connected || trial.attempt === 0) return;
    const abort = new AbortController();
    api.logFacts(trial.id, abort.signal).then(setFacts, () => undefined);
    return () => abort.abort();
  }, [trial.id, trial.attempt, ended, grown, connected]);
  return [facts, setFacts];
}

export function LogOffer({ trial, grown = 0 }: { readonly trial: Trial; readonly grown?: number }) {
  const [facts, setFacts] = useLogFacts(trial, grown);
  if (facts === null || (!facts.takesMetrics && facts.metricNames.length === 0)) return null;
  const { metricNames, takesMetrics } = facts;
  const more = metricNames.length - NAMED;
  const named = more > 0 ? [...metricNames.slice(0, NAMED), `${more} more`] : metricNames;
  const take = (takes: boolean): void =>
    void attempt(async () => {
      setFacts(await api.takeLogMetrics(trial.id, takes));
    });
  return (
    <div className="log-offer" role="status">
      <span>
        {takesMetrics
          ? `Metrics are read from this log${named.length === 0 ? '' : `: ${sayList(named)}`}.`
          : `This log has ${sayList(named)}.`}
      </span>
      <Button size="small" onClick={() => take(!takesMetrics)}>
        {takesMetrics ? 'Read no more' : 'Take as metrics'}
      </Button>
    </div>
  );
}
