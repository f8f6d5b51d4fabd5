/** The queue in memory knows which images its trials want. */
import { expect, test } from 'vitest';
import { firstOf } from '../../../electron/scheduler/plan/lines.ts';
import { createQueueIndex } from '../../../electron/scheduler/queue-index.ts';
import type { TrialRow } from '../../../electron/store/trials.ts';
import { makeTrialRow } from '../../fakes/rows.ts';

test('images are those of queued trials, each once and as long as one wants it', () => {
  const index = createQueueIndex({
    likeRunsMs: () => null,
    held: () => null,
    keepsClaim: () => false,
    runtime: ({ spec }) => (spec.image === null ? 'process' : 'docker'),
  });
  const row = (id: number, image: string | null, state: TrialRow['state'] = 'queued'): TrialRow =>
    makeTrialRow({ id, rank: `a${id}`, state, spec: { ...makeTrialRow().spec, image } });
  const images = (): string[] => [...index.images('docker')].toSorted();
  expect(images()).toEqual([]);
  index.update(1, row(1, 'a'));
  index.update(2, row(2, 'a'));
  index.update(3, row(3, 'b'));
  index.update(4, row(4, null));
  expect([images(), index.queuedOn('docker'), index.queuedOn('process')]).toEqual([['a', 'b'], 3, 1]);
  expect([...index.images('process')]).toEqual([]);
  index.update(1, row(1, 'a', 'starting'));
  expect(images()).toEqual(['a', 'b']);
  index.update(2, null);
  index.update(3, row(3, 'b', 'paused'));
  expect([images(), index.queuedOn('docker')]).toEqual([[], 0]);
  index.update(3, row(3, 'b'));
  expect(images()).toEqual(['b']);
});

test('a line is sorted, and counts those that ask for no GPU, whatever comes and goes', () => {
  const index = createQueueIndex({
    likeRunsMs: () => null,
    held: () => null,
    keepsClaim: () => false,
    runtime: () => 'process',
  });
  const { spec } = makeTrialRow();
  const row = (id: number, rank: string, slots: number, state: TrialRow['state'] = 'queued'): TrialRow =>
    makeTrialRow({ id, rank, state, spec: { ...spec, ask: { ...spec.ask, slots } } });
  const line = (): { readonly ids: readonly unknown[]; readonly slotless: number | undefined } => {
    const [found] = [...index.lines().values()];
    return { ids: found === undefined ? [] : firstOf(found).map(({ id }) => id), slotless: found?.slotless };
  };
  for (const one of [row(1, 'c', 0), row(2, 'a', 1), row(3, 'b', 0), row(4, 'd', 2)]) index.update(one.id, one);
  expect(line()).toEqual({ ids: [2, 3, 1, 4], slotless: 2 });
  index.update(3, row(3, 'e', 0));
  index.update(2, row(2, 'a', 1, 'paused'));
  expect(line()).toEqual({ ids: [1, 4, 3], slotless: 2 });
  index.update(1, null);
  index.update(4, row(4, 'd', 0));
  expect(line()).toEqual({ ids: [4, 3], slotless: 2 });
  index.update(4, row(4, 'd', 0, 'running'));
  index.update(3, null);
  expect(line()).toEqual({ ids: [], slotless: 0 });
});
