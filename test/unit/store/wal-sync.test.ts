/** Commits of one moment share a sync; nobody is told that his is safe before a sync that began after it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWalSync } from '../../../electron/store/wal-sync.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('whoever waits is told by the first sync that began after his commit; a burst needs few', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('commit', 'wait', 'synced', 'own sync'), { maxLength: 60 }),
      async (steps) => {
        /** How many commits there were when the sync under way began; what the disk has for sure. */
        let [made, began, onDisk, syncs] = [0, 0, 0, 0];
        const waitingForDisk: (() => void)[] = [];
        const wal = createWalSync((done) => {
          expect(waitingForDisk).toEqual([]);
          [began, syncs] = [made, syncs + 1];
          waitingForDisk.push(() => {
            waitingForDisk.length = 0;
            onDisk = Math.max(onDisk, began);
            done(null);
          });
        });
        const asked: { readonly upTo: number; toldAt: number | null }[] = [];
        for (const step of steps) {
          if (step === 'commit') {
            made++;
            wal.committed();
          } else if (step === 'own sync') {
            onDisk = ++made;
            wal.allSynced();
          } else if (step === 'synced') waitingForDisk[0]?.();
          else {
            const one: (typeof asked)[number] = { upTo: made, toldAt: null };
            asked.push(one);
            void wal.durable().then(() => {
              one.toldAt = onDisk;
            });
          }
          await turn();
          for (const one of asked) {
            if (one.toldAt !== null) expect(one.toldAt).toBeGreaterThanOrEqual(one.upTo);
            else expect(onDisk).toBeLessThan(one.upTo);
          }
        }
        // All of it comes to the disk without anybody asking, with two syncs at most.
        const before = syncs;
        for (let i = 0; i < 3; i++) waitingForDisk[0]?.();
        expect(onDisk).toBe(made);
        expect(syncs - before).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('what the disk refused is not called safe, and from then on commits sync themselves', async () => {
  let finish: (error: Error | null) => void = () => undefined;
  const wal = createWalSync((done) => {
    finish = done;
  });
  wal.committed();
  const told = wal.durable();
  finish(new Error('EIO'));
  await expect(told).rejects.toThrow('EIO');
  await expect(wal.durable()).rejects.toThrow('EIO');
  expect(wal.isBroken()).toBe(true);
  wal.allSynced();
  await wal.durable();
});
