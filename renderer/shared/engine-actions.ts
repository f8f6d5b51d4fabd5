/** What concerns the whole engine: its settings, its pools, its example. A toast tells what went wrong. */
import type { Pool } from '../../electron/contract/pools.ts';
import { sayMemory } from '../../electron/text/say.ts';
import type { Settings } from '../../electron/contract/settings.ts';
import { api } from '../api/client.ts';
import { useEngine } from '../api/store.ts';
import { attempt, toastDone } from './toasts.tsx';
import { goTo, inspect } from './view-state.ts';

/** Saves settings; the screen follows at once. */
export function saveSettings(patch: Partial<Settings>): void {
  void attempt(async () => {
    useEngine.setState({ settings: await api.updateSettings(patch) });
  });
}

export const poolAction = (pool: Pool, action: 'pause' | 'resume' | 'drain'): Promise<boolean> =>
  attempt(() => api.actOnPool(pool.id, action));

/** Lets others have more memory of a pool's GPUs before these count as busy: what an idle desktop takes is then no obstacle. */
export const raiseThreshold = (poolId: string, toMiB: number): Promise<boolean> =>
  attempt(async () => {
    const pool = await api.updatePool(poolId, { settings: { foreignThresholdMiB: toMiB } });
    toastDone(`${pool.name}: a GPU is free while others use up to ${sayMemory(toMiB)} of it`);
  });

/** Runs an example, the first one unless it is named, and shows it. */
export function runExample(exampleId?: string): Promise<boolean> {
  return attempt(async () => {
    const id = exampleId ?? (await api.examples()).examples[0]?.id;
    if (id === undefined) return;
    const first = (await api.runExample(id)).trialIds[0];
    goTo('queue');
    if (first !== undefined) inspect(first);
  });
}
