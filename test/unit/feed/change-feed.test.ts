import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createFeed } from '../../../electron/feed/change-feed.ts';
import type { FeedFrame } from '../../../electron/ports/engine-api.ts';
import { makeTrial } from '../../fakes/trial.ts';

it('tells what is there as it is now, and what is gone as gone; commits of one turn are one frame', async () => {
  const feed = createFeed({ readTrial: (id) => (id === 1 ? makeTrial({ id }) : null), readPool: () => null });
  const frames: FeedFrame[] = [];
  const stop = feed.subscribe((frame) => frames.push(frame), false);
  const nothing = { removedTrialIds: new Set<number>(), poolIds: new Set<string>() };
  feed.committed({ seq: 4, trialIds: new Set([1]), ...nothing });
  feed.committed({ seq: 5, trialIds: new Set([2]), ...nothing, poolIds: new Set(['old']) });
  await setImmediate();
  expect(frames).toMatchObject([
    {
      event: 'changes',
      data: { seq: 5, trials: [{ id: 1 }], removedTrials: [2], pools: [], removedPools: ['old'] },
    },
  ]);
  stop();
  feed.committed({ seq: 6, trialIds: new Set([1]), ...nothing });
  await setImmediate();
  expect(frames).toHaveLength(1);
  feed.close();
});
