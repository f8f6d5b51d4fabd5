import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Changes } from '../../../electron/contract/feed.ts';
import { catchUp } from '../../../electron/feed/catch-up.ts';
import type { FeedFrame } from '../../../electron/ports/engine-api.ts';
import { openStore } from '../../../electron/store/database.ts';

test('who was away gets what changed since, once each; who was away too long or comes from elsewhere starts over', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-catch-up-'));
  const store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => 1000 });
  onTestFinished(() => {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  store.transact('events', (tx) => {
    for (let i = 0; i < 2_100; i++) tx.emit({ type: 't', trialId: i < 2_090 ? 1 : 2, text: 'x' });
    tx.emit({ type: 't', poolId: 'night', text: 'x' });
  });
  const feed = {
    changes: (seq: number, trials: Iterable<number>, pools: Iterable<string>) =>
      ({ seq, removedTrials: [...trials], removedPools: [...pools], trials: [], pools: [] }) satisfies Changes,
  };
  const PRESENT: FeedFrame[] = [{ event: 'notices', data: [] }];
  const after = (seq: number | null): Promise<FeedFrame[]> => catchUp(store, feed, seq, () => PRESENT);
  expect(await after(null)).toEqual(PRESENT);
  expect(await after(2_080)).toEqual([
    {
      event: 'changes',
      data: { seq: 2_101, removedTrials: [1, 2], removedPools: ['night'], trials: [], pools: [] },
    },
    ...PRESENT,
  ]);
  expect((await after(2_101))[0]).toMatchObject({ data: { removedTrials: [], removedPools: [] } });
  expect((await after(1)).map(({ event }) => event)).toEqual(['resync']);
  expect((await after(5_000)).map(({ event }) => event)).toEqual(['resync']);

  store.transact('many', (tx) => {
    for (let id = 1; id <= 250; id++) tx.emit({ type: 't', trialId: id, text: 'x' });
  });
  const many = (await after(2_101)).filter((frame) => frame.event === 'changes').map(({ data }) => data);
  // Who leaves in between asks again from where it was.
  expect(many.map(({ seq }) => seq)).toEqual([2_101, 2_101, 2_351]);
  expect(many.flatMap(({ removedTrials }) => removedTrials)).toHaveLength(250);
});
