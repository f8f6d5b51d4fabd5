import { expect, test } from 'vitest';
import { foldSweeps, stateOfSweep } from '../../../electron/cli/fold-sweeps.ts';
import type { Trial } from '../../../electron/contract/trials.ts';

const trial = (id: number, experimentId: number, inSweep: string | null): Trial =>
  ({ id, experimentId, inSweep }) as Trial;

test('a sweep stands where its first trial stands, once', () => {
  const rows = foldSweeps([trial(1, 7, 't1'), trial(2, 8, null), trial(3, 7, 't2'), trial(4, 9, 't1')], new Set([7]));
  const said = rows.map((row) => ('trials' in row ? row.trials.map(({ id }) => id) : row.id));
  expect(said).toEqual([[1, 3], 2, 4]);
});

test('a sweep runs while one of its trials does', () => {
  const states = (...all: Trial['state'][]): Trial[] => all.map((state) => ({ state }) as Trial);
  expect(stateOfSweep(states('done', 'queued', 'stopping'))).toBe('running');
  expect(stateOfSweep(states('done', 'paused', 'queued'))).toBe('queued');
  expect(stateOfSweep(states('done', 'done'))).toBe('done');
});
