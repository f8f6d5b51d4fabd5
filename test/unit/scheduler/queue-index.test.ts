/** The queue in memory knows which images its trials want. */
import { expect, test } from 'vitest';
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
