/** A sweep is one row of a list: at the place of the first of its trials. */
import type { ExperimentList, ExperimentView } from '../contract/experiments.ts';
import type { Trial } from '../contract/trials.ts';
import type { EngineClient } from '../client/engine-client.ts';

export interface SweepRow {
  readonly experimentId: number;
  /** At least one, in their order. */
  readonly trials: readonly Trial[];
}

/** Sweeps beyond these are shown trial by trial. */
const MOST = 100;

/** @returns the sweeps and searches that these trials belong to; asks only where there are any */
export async function readSweeps(
  client: EngineClient,
  trials: readonly Trial[],
): Promise<ReadonlyMap<number, ExperimentView>> {
  const wanted = new Set(trials.filter(({ inSweep }) => inSweep != null).map(({ experimentId }) => experimentId));
  if (wanted.size === 0) return new Map();
  const { experiments } = await client.request<ExperimentList>(
    'GET',
    `/experiments?ids=${[...wanted].slice(0, MOST).join(',')}`,
  );
  return new Map(experiments.filter(({ id }) => wanted.has(id)).map((one) => [one.id, one]));
}

/** @param folded experiments that are one row. Pure. */
export function foldSweeps(trials: readonly Trial[], folded: ReadonlySet<number>): readonly (Trial | SweepRow)[] {
  const rows: (Trial | SweepRow)[] = [];
  const members = new Map<number, Trial[]>();
  for (const trial of trials) {
    if (trial.inSweep == null || !folded.has(trial.experimentId)) {
      rows.push(trial);
      continue;
    }
    const known = members.get(trial.experimentId);
    if (known !== undefined) known.push(trial);
    else {
      const own = [trial];
      members.set(trial.experimentId, own);
      rows.push({ experimentId: trial.experimentId, trials: own });
    }
  }
  return rows;
}

/** @returns running where one of them does, else what the next of them is */
export function stateOfSweep(trials: readonly Trial[]): string {
  const states = new Set(trials.map(({ state }) => state));
  if (states.has('running') || states.has('starting') || states.has('stopping')) return 'running';
  return states.has('queued') ? 'queued' : states.has('paused') ? 'paused' : 'done';
}
