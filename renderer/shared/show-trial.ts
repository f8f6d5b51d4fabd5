/** Goes where a trial is: in the queue of its pool, or among the finished ones. */
import type { Trial } from '../../electron/contract/trials.ts';
import { rememberTrials, useEngine } from '../api/store.ts';
import { goTo, inspect, useView } from './view-state.ts';

export function showTrial(trial: Trial): void {
  const isCarried = useEngine.getState().trials.byId.has(trial.id);
  rememberTrials([trial]);
  goTo(isCarried ? 'queue' : 'finished');
  useView.setState({ poolId: trial.poolId });
  inspect(trial.id);
}
